import type { Controller } from './controller.ts';
import type { Make } from './document.ts';
import { collection, type Document, simServiceRoot } from './links.ts';
import { plainEntry } from './logrules.ts';
import type { LogRule } from './personality.ts';
import { empty, failure, notFound, type Reply } from './reply.ts';

const pattern = /^(\/(?:Systems|Managers|Chassis)\/1)\/LogServices(?:\/([\w-]+)(\/Entries(?:\/(\d{1,9}))?)?)?$/;

/** Log services and their entries (quirk 69). Each log of a machine tells the same events. */
export function logDocument(path: string): Make | undefined {
  const [, at, id, entries, entry] = pattern.exec(path) ?? [];
  if (!at) return undefined;
  return (view) => {
    const { controller, personality } = view;
    const rules = personality.logs.filter((rule) => rule.at === at);
    if (rules.length === 0) return undefined;
    if (!id)
      return collection(
        'LogService',
        'Logs',
        rules.map((rule) => `${at}/LogServices/${rule.id}`),
      );
    const rule = rules.find((one) => one.id === id);
    if (!rule) return undefined;
    if (!entries) return serviceOf(at, id, rule.clearable);
    const log = `${at}/LogServices/${id}`;
    const all = rule.of === 'console' ? linesOf(controller, log) : entriesOf(controller, log, rule);
    if (entry) return all.find(({ Id }) => Id === entry);
    return {
      ...collection('LogEntry', 'Entries', []),
      'Members@odata.count': all.length,
      Members: all,
    };
  };
}

function serviceOf(at: string, id: string, clearable: boolean): Document {
  const path = `${simServiceRoot}${at}/LogServices/${id}`;
  return {
    '@odata.type': '#LogService.v1_8_0.LogService',
    Id: id,
    Name: id,
    MaxNumberOfRecords: 64,
    OverWritePolicy: 'WrapsWhenFull',
    ServiceEnabled: true,
    Entries: { '@odata.id': `${path}/Entries` },
    ...(clearable && { Actions: { '#LogService.ClearLog': { target: `${path}/Actions/LogService.ClearLog` } } }),
  };
}

function entriesOf({ machine }: Controller, log: string, { entry = plainEntry }: LogRule): Document[] {
  const cleared = machine.state.controller?.cleared?.[log] ?? 0;
  return machine.events
    .filter(({ seq }) => seq > cleared)
    .map(({ seq, time, effect, detail }) => ({
      '@odata.id': `${simServiceRoot}${log}/Entries/${seq}`,
      '@odata.type': '#LogEntry.v1_17_0.LogEntry',
      Id: String(seq),
      Name: `Entry ${seq}`,
      EntryType: entry.type,
      ...(entry.format !== undefined && { OemRecordFormat: entry.format }),
      Created: time,
      Severity: effect === 'locked-out' ? 'Critical' : 'OK',
      ...(entry.words !== false && { Message: `${effect}${typeof detail?.by === 'string' ? ` by ${detail.by}` : ''}` }),
      ...(entry.messageId && { MessageId: entry.messageId(effect) }),
    }));
}

/** What the host wrote to its console, as bmcweb shows it: a line an entry, and no time. */
function linesOf({ machine }: Controller, log: string): Document[] {
  return machine.console.map((line, place) => ({
    '@odata.id': `${simServiceRoot}${log}/Entries/${place}`,
    '@odata.type': '#LogEntry.v1_9_0.LogEntry',
    Id: String(place),
    Name: 'Host Logger Entry',
    EntryType: 'Oem',
    OemRecordFormat: 'Host Logger Entry',
    Severity: 'OK',
    Message: line,
  }));
}

export function clearSimLog(controller: Controller, at: string, id: string): Reply {
  const { machine, personality, kept } = controller;
  const rule = personality.logs.find((one) => one.at === at && one.id === id);
  if (!rule) return notFound(`${simServiceRoot}${at}/LogServices/${id}`);
  if (!rule.clearable)
    return failure(405, 'ActionNotSupported', `The log ${id} cannot be cleared.`, ['LogService.ClearLog']);
  const last = machine.events.at(-1)?.seq ?? 0;
  kept.cleared = { ...kept.cleared, [`${at}/LogServices/${id}`]: last };
  machine.note('log-cleared', { log: id });
  machine.changed();
  return empty;
}
