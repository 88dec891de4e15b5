import { z } from 'zod';
import { machineName } from '../../contract/api.ts';
import * as views from '../../contract/hardwareviews.ts';
import { listBootsOf } from '../../mdb/boot/stats.ts';
import { lastConsoleOf } from '../../mdb/controllers/consoles.ts';
import { countEvents, listEvents } from '../../mdb/controllers/events.ts';
import { readHardware } from '../../mdb/controllers/inventory.ts';
import { countLogEntries, listLogEntries } from '../../mdb/controllers/logs.ts';
import { readPage } from './cursors.ts';
import { mustFind } from './names.ts';
import { type ApiRoute, route } from './route.ts';

const named = z.strictObject({ name: machineName });

/** What a machine's controller reported: parts and their changes, sensors, events, logs. */
export const hardwareRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/machines/:name/hardware',
    tag: 'hardware',
    summary: 'Its parts as its controller reports them, their changes, and its power draw',
    right: { role: 'viewer', of: 'machine' },
    effect: 'read',
    params: named,
    query: views.hardwareQuery,
    answers: { 200: views.hardwareView },
    handle: async ({ params, query, mdb }) => {
      const machineId = await mustFind(mdb, params.name);
      return showHardware(machineId, await readHardware(mdb, machineId, query.limit));
    },
  }),
  route({
    method: 'GET',
    path: '/machines/:name/events',
    tag: 'hardware',
    summary: 'Events that its controller sent, newest first',
    right: { role: 'viewer', of: 'machine' },
    effect: 'read',
    params: named,
    query: views.reportedQuery,
    answers: { 200: views.eventList },
    handle: async ({ params, query, mdb, cursors }) => {
      const machineId = await mustFind(mdb, params.name);
      const { rows, ...page } = await readPage(
        cursors,
        `events of ${machineId}`,
        query,
        async (of) => (await listEvents(mdb, machineId, of)).map((row) => ({ id: String(row.id), row })),
        () => countEvents(mdb, machineId),
      );
      return { events: rows.map(({ row }) => ({ ...row, receivedAt: row.receivedAt.toISOString() })), ...page };
    },
  }),
  route({
    method: 'GET',
    path: '/machines/:name/logs',
    tag: 'hardware',
    summary: "Entries of its controller's logs, newest first, also of logs that were cleared since",
    right: { role: 'viewer', of: 'machine' },
    effect: 'read',
    params: named,
    query: views.reportedQuery,
    answers: { 200: views.logEntryList },
    handle: async ({ params, query, mdb, cursors }) => {
      const machineId = await mustFind(mdb, params.name);
      const { rows, ...page } = await readPage(
        cursors,
        `logs of ${machineId}`,
        query,
        async (of) => (await listLogEntries(mdb, machineId, of)).map((row) => ({ id: String(row.id), row })),
        () => countLogEntries(mdb, machineId),
      );
      return { entries: rows.map(({ row }) => ({ ...row, seenAt: row.seenAt.toISOString() })), ...page };
    },
  }),
  route({
    method: 'GET',
    path: '/machines/:name/console',
    tag: 'hardware',
    summary: 'The end of its console, as its controller kept it when it was last read',
    right: { role: 'viewer', of: 'machine' },
    effect: 'read',
    params: named,
    answers: { 200: views.consoleTail },
    handle: async ({ params, mdb }) => {
      const row = await lastConsoleOf(mdb, await mustFind(mdb, params.name));
      if (row === null) return { readAt: null, lines: [], missing: null };
      return { readAt: row.readAt.toISOString(), lines: [...row.lines], missing: row.missing };
    },
  }),
  route({
    method: 'GET',
    path: '/machines/:name/boots',
    tag: 'boots',
    summary: 'Its boot requests and what they were answered, newest first',
    right: { role: 'viewer', of: 'machine' },
    effect: 'read',
    params: named,
    query: views.hardwareQuery,
    answers: { 200: views.machineBoots },
    handle: async ({ params, query, mdb }) => ({
      boots: await listBootsOf(mdb, await mustFind(mdb, params.name), query.limit),
    }),
  }),
];

function showHardware(machineId: string, facts: Awaited<ReturnType<typeof readHardware>>): views.HardwareView {
  const { documents, changes, readings, records } = facts;
  const [latest] = readings;
  return {
    machineId,
    documents: documents.map(({ kind, document, firmwareVersion, seenAt }) => ({
      kind,
      document,
      firmwareVersion,
      seenAt: seenAt.toISOString(),
    })),
    changes: changes.map((change) => ({ ...change, seenAt: change.seenAt.toISOString() })),
    sensors: latest ? { readAt: latest.readAt.toISOString(), watts: latest.watts, sensors: [...latest.sensors] } : null,
    power: readings.map(({ readAt, watts }) => ({ readAt: readAt.toISOString(), watts })),
    records: [
      { record: 'events' as const, at: records?.eventsAt, error: records?.eventsError },
      { record: 'logs' as const, at: records?.logsAt, error: records?.logsError },
      { record: 'inventory' as const, at: records?.inventoryAt, error: records?.inventoryError },
      { record: 'settings' as const, at: records?.settingsAt, error: records?.settingsError },
    ].map(({ record, at, error }) => ({ record, at: at?.toISOString() ?? null, error: error ?? null })),
  };
}
