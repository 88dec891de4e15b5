import type { Command } from 'commander';
import type { EventView, HardwareView, LogEntryView } from '../contract/hardwareviews.ts';
import { wholeNumber } from './arguments.ts';
import type { Context } from './context.ts';
import { moment } from './format.ts';
import type { Column } from './table.ts';

const eventColumns: Column<EventView>[] = [
  { title: 'received', cell: ({ receivedAt }) => moment(receivedAt) },
  { title: 'severity', cell: ({ severity }) => severity },
  { title: 'message id', cell: ({ messageId }) => messageId, flexible: true },
  { title: 'message', cell: ({ message }) => message, flexible: true },
  { title: 'about', cell: ({ origin }) => origin?.split('/').slice(-2).join('/'), flexible: true },
];

const entryColumns: Column<LogEntryView>[] = [
  { title: 'created', cell: ({ created }) => created },
  { title: 'log', cell: ({ log }) => log.split('/').at(-1) },
  { title: 'entry', cell: ({ entryId }) => entryId },
  { title: 'severity', cell: ({ severity }) => severity },
  { title: 'message', cell: ({ message, messageId }) => message ?? messageId, flexible: true },
];

type Change = HardwareView['changes'][number];
const serialOf = (part: unknown) => {
  const { serial, version, model } = (part ?? {}) as { serial?: string; version?: string; model?: string };
  return serial ?? version ?? model;
};
const changeColumns: Column<Change>[] = [
  { title: 'seen', cell: ({ seenAt }) => moment(seenAt) },
  { title: 'part', cell: ({ kind }) => kind },
  { title: 'place', cell: ({ place }) => place, flexible: true },
  { title: 'change', cell: ({ change }) => change },
  { title: 'before', cell: ({ before }) => serialOf(before) },
  { title: 'after', cell: ({ after }) => serialOf(after) },
  { title: 'confirmed by', cell: ({ confirmedBy }) => confirmedBy },
];

/** `farrier hardware …`: what controllers reported and the MDB keeps. `farrier bmc` asks a controller itself. */
export function addHardware(program: Command, open: () => Context): void {
  const hardware = program.command('hardware');
  const add = (name: string, about: string, rows: number): Command =>
    hardware
      .command(name)
      .description(about)
      .argument('<machine>', 'id, hostname or MAC')
      .option('--limit <count>', 'entries at most', wholeNumber(1, 1000), rows);

  add('show', 'what a machine is made of, what changed, and what it draws', 20).action(
    async (name: string, { limit }: { limit: number }) => {
      const context = open();
      const view = await context.api.hardware(name, limit);
      context.screen.answer(view, () => showHardware(context, view));
    },
  );
  add('events', 'events that its controller sent, newest first', 50).action(
    async (name: string, { limit }: { limit: number }) => {
      const { api, screen } = open();
      const events = await api.controllerEvents(name, { limit });
      screen.answer(events, () => screen.table(eventColumns, events, 'Its controller has sent nothing.'));
    },
  );
  add('logs', "entries of its controller's logs, newest first", 50).action(
    async (name: string, { limit }: { limit: number }) => {
      const { api, screen } = open();
      const entries = await api.controllerLogs(name, { limit });
      screen.answer(entries, () => screen.table(entryColumns, entries, 'No log of its controller has been read.'));
    },
  );
}

function showHardware({ screen }: Context, view: HardwareView): void {
  screen.facts(
    view.machineId,
    view.records.map(({ record, at, error }) => [
      record,
      at === null ? 'never read' : `${moment(at)}${error === null ? '' : `, failed: ${error}`}`,
    ]),
  );
  screen.facts(
    'Power',
    view.power
      .slice(0, 5)
      .map(({ readAt, watts }) => [moment(readAt), watts === null ? null : `${Math.round(watts)} W`]),
  );
  for (const { kind, document } of view.documents) {
    if (kind === 'bios') {
      screen.facts(kind, settingsOf(document));
      continue;
    }
    const parts = Array.isArray(document) ? document : [document];
    screen.facts(
      kind,
      parts.map((part, place) => [String(place + 1), wordsOf(part)]),
    );
  }
  screen.line('');
  screen.table(changeColumns, view.changes, 'No part of it has changed.');
}

function settingsOf(document: unknown): [string, string][] {
  const { attributes = {} } = (document ?? {}) as { attributes?: Readonly<Record<string, unknown>> };
  return Object.entries(attributes)
    .sort(([one], [other]) => one.localeCompare(other, 'en'))
    .map(([name, value]) => [name, String(value)]);
}

// The MDB keeps no order of names; people read from what tells the part to what it is like.
const order = ['slot', 'socket', 'id', 'name', 'mac', 'vendor', 'manufacturer', 'product', 'model', 'serial'];
const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);

/** What a part shows, without what it keeps silent about. */
function wordsOf(part: unknown): string {
  return Object.entries((part ?? {}) as Record<string, unknown>)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .sort(([one], [other]) => rank(one) - rank(other) || one.localeCompare(other, 'en'))
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : String(value)}`)
    .join(', ');
}
