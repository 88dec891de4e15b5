import { z } from 'zod';
import { machineName } from '../../contract/api.ts';
import * as views from '../../contract/hardwareviews.ts';
import { listEvents } from '../../mdb/controllers/events.ts';
import { readHardware } from '../../mdb/controllers/inventory.ts';
import { listLogEntries } from '../../mdb/controllers/logs.ts';
import type { App, PeopleDependencies } from './app.ts';
import { mustFind } from './machines.ts';

const named = z.strictObject({ name: machineName });
const tags = ['hardware'];

/** What a machine's controller told: parts and their changes, sensors, events, logs. */
export function serveHardware(app: App, { mdb }: PeopleDependencies): void {
  app.get(
    '/machines/:name/hardware',
    {
      schema: {
        tags,
        summary: 'What it is made of, by its controller; what changed; what it draws',
        params: named,
        querystring: views.hardwareQuery,
        response: { 200: views.hardwareView },
      },
    },
    async ({ params, query }) => {
      const machineId = await mustFind(mdb, params.name);
      return showHardware(machineId, await readHardware(mdb, machineId, query.limit));
    },
  );
  app.get(
    '/machines/:name/events',
    {
      schema: {
        tags,
        summary: 'What its controller told by itself, newest first',
        params: named,
        querystring: views.reportedQuery,
        response: { 200: views.eventList },
      },
    },
    async ({ params, query }) => {
      const rows = await listEvents(mdb, await mustFind(mdb, params.name), query);
      const events = rows.map((row) => ({ ...row, receivedAt: row.receivedAt.toISOString() }));
      return { events, next: nextOf(events, query.limit) };
    },
  );
  app.get(
    '/machines/:name/logs',
    {
      schema: {
        tags,
        summary: "Entries of its controller's logs, newest first, also of logs that were cleared since",
        params: named,
        querystring: views.reportedQuery,
        response: { 200: views.logEntryList },
      },
    },
    async ({ params, query }) => {
      const rows = await listLogEntries(mdb, await mustFind(mdb, params.name), query);
      const entries = rows.map((row) => ({ ...row, seenAt: row.seenAt.toISOString() }));
      return { entries, next: nextOf(entries, query.limit) };
    },
  );
}

function nextOf(rows: readonly { readonly id: number }[], limit: number): number | null {
  return rows.length === limit ? (rows.at(-1)?.id ?? null) : null;
}

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
