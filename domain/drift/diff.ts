/** What is wanted of a machine against what was last read of it. */

import type { DriftFacts, DriftFinding, DriftKind, DriftSource, Findings } from './drift.ts';
import { contradicts, type HostFacts } from './evidence.ts';
import { controllerSheet, hostSheet, isFewer, partsNow } from './parts.ts';
import type { SettingsDocument } from './settings.ts';
import type { PartSheet } from './sheet.ts';

const hour = 3_600_000;
/** Milliseconds after which a reading says nothing of now: some rounds of the reconciler, some sweeps. */
const staleAfter = { settings: 3 * hour, parts: 24 * hour };

/** Characters of a value that are kept: whoever wants to know the rest of one that long reads it. */
const max = 500;

/** How a controller's list of firmware is read: what a name means in it is the business of who speaks to controllers. */
export interface FirmwareReader {
  /** The version of what is meant, null where none is shown; or why it can't be known which is meant. */
  find(name: string): { readonly version: string | null } | { readonly doubt: string };
  isSame(one: string, other: string): boolean;
}

export interface DriftVerdict {
  readonly kinds: readonly Findings[];
  /** What it is made of, where that is not kept yet. */
  readonly sheet: { readonly host: PartSheet; readonly controller: PartSheet | null } | null;
}

export function compareMachine(context: DriftFacts, now: number, reader: FirmwareReader): DriftVerdict {
  return {
    kinds: [compareBios(context, now), compareFirmware(context, now, reader), compareHardware(context, now)],
    sheet: sheetOf(context),
  };
}

/** Whether settings and versions are known; where not, since when and why. */
function settingsKnown(context: DriftFacts, kind: DriftKind, names: readonly string[], now: number): Findings | null {
  const { settingsAt, settingsError, inServiceAt, controller } = context;
  if (names.length === 0 || (settingsAt !== null && now - settingsAt <= staleAfter.settings)) return null;
  const why = controller ? (settingsError ?? 'its controller was not read') : 'it has no controller that is known';
  return { kind, unknown: { want: names.join(', ').slice(0, 200), since: settingsAt ?? inServiceAt, why } };
}

function compareBios(context: DriftFacts, now: number): Findings {
  const { bios } = context.wants;
  const unknown = settingsKnown(context, 'bios', Object.keys(bios), now);
  if (unknown !== null) return unknown;
  const { attributes = {}, changed = {} } = (context.documents['bios'] ?? {}) as Partial<SettingsDocument>;
  const found = Object.entries(bios).flatMap(([name, wanted]): DriftFinding[] => {
    const value = attributes[name];
    const want = String(wanted);
    if (value === undefined || value === null)
      return [missing(name, want, now, 'its controller shows no such setting')];
    const host = hostTells(context, changed[name]) ? contradicts(name, String(value), factsOf(context)) : null;
    if (value !== wanted) {
      const note = host === null ? null : `the machine itself shows ${host}`;
      return [known(name, want, String(value).slice(0, max), 'controller', note)];
    }
    return host === null ? [] : [known(name, want, host, 'host', `its controller says ${String(value)}`)];
  });
  return { kind: 'bios', found };
}

/** The machine's word is of the time of its last boot into the agent: it counts where nothing was changed since. */
function hostTells({ hostAt, biosSetAt }: DriftFacts, changed: string | undefined): boolean {
  if (hostAt === null) return false;
  return (biosSetAt ?? 0) < hostAt && (changed === undefined || Date.parse(changed) < hostAt);
}

function factsOf({ firmware, host }: DriftFacts): HostFacts {
  const sum = (name: 'cores' | 'threads') => host.cpus.reduce((total, cpu) => total + cpu[name], 0);
  return { firmware, cores: sum('cores'), threads: sum('threads') };
}

function compareFirmware(context: DriftFacts, now: number, reader: FirmwareReader): Findings {
  const { firmware } = context.wants;
  const unknown = settingsKnown(context, 'firmware', Object.keys(firmware), now);
  if (unknown !== null) return unknown;
  const found = Object.entries(firmware).flatMap(([name, { version: want }]): DriftFinding[] => {
    const read = reader.find(name);
    if ('doubt' in read) return [missing(name, want, now, read.doubt)];
    const { version: have } = read;
    if (have === null) return [missing(name, want, now, 'its controller shows no version of it')];
    return reader.isSame(have, want) ? [] : [known(name, want, have, 'controller', null)];
  });
  return { kind: 'firmware', found };
}

function compareHardware(context: DriftFacts, now: number): Findings {
  const wants = context.wants.hardware;
  const names = Object.keys(wants);
  const readAt = Math.max(context.hostAt ?? 0, context.inventoryAt ?? 0);
  if (names.length > 0 && now - readAt > staleAfter.parts) {
    const why = context.controller ? 'its controller was not read whole' : 'it has no controller that is known';
    return { kind: 'hardware', unknown: { want: names.join(', '), since: readAt || context.inServiceAt, why } };
  }
  const later = (context.partsAt ?? 0) > (context.hostAt ?? 0);
  const now_ = { host: hostSheet(context.host), controller: controllerSheet(context.documents), later };
  const parts = partsNow({ ...now_, first: context.sheet ?? { host: now_.host, controller: null } });
  const found = parts.flatMap(({ kind, have, source, other, born }): DriftFinding[] => {
    const want = wants[kind];
    if (want !== undefined && isFewer(kind, have, want)) return [known(kind, String(want), String(have), source, null)];
    const first = 'as it was at first; "farrier drift accept" makes the present right';
    if (born !== null && isFewer(kind, have, born.count))
      return [known(kind, String(born.count), String(have), source, first)];
    return other === null ? [] : [known(kind, other.was, other.is, other.source, first)];
  });
  return { kind: 'hardware', found };
}

/** Taken at the first look after its birth; of the controller as soon as that was read. */
function sheetOf(context: DriftFacts): DriftVerdict['sheet'] {
  const { sheet, host, documents } = context;
  const readSheet = controllerSheet(documents);
  const controller = Object.keys(readSheet).length === 0 ? null : readSheet;
  if (sheet === null) return { host: hostSheet(host), controller };
  return sheet.controller === null && controller !== null ? { host: sheet.host, controller } : null;
}

function known(name: string, want: string, have: string, source: DriftSource, note: string | null): DriftFinding {
  return { name, want, have, source, note, unknownSince: null };
}

function missing(name: string, want: string, now: number, note: string): DriftFinding {
  return { name, want, have: null, source: 'controller', note, unknownSince: now };
}
