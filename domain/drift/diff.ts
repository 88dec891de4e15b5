/** What is wanted of a machine against what was last read of it. */

import type { DriftFinding, DriftKind, DriftScene, DriftSource, Findings } from './drift.ts';
import { contradicts, type HostFacts } from './evidence.ts';
import { controllerSheet, hostSheet, isFewer, partsNow } from './parts.ts';
import type { SettingsDocument } from './settings.ts';
import type { PartSheet } from './sheet.ts';

const hour = 3_600_000;
/** Milliseconds after which a reading says nothing of now: some rounds of the reconciler, some sweeps. */
const staleAfter = { settings: 3 * hour, parts: 24 * hour };

/** Characters of a value that are kept: whoever wants to know the rest of one that long reads it. */
const longest = 500;

/** How a controller's list of firmware is read: what a name means in it is the business of who speaks to controllers. */
export interface FirmwareReader {
  /** The version of what is meant, null where none is shown; or why it can't be told which is meant. */
  find(name: string): { readonly version: string | null } | { readonly doubt: string };
  isSame(one: string, other: string): boolean;
}

export interface DriftVerdict {
  readonly kinds: readonly Findings[];
  /** What it is made of, where that is not kept yet. */
  readonly sheet: { readonly host: PartSheet; readonly controller: PartSheet | null } | null;
}

export function compareMachine(scene: DriftScene, now: number, reader: FirmwareReader): DriftVerdict {
  return {
    kinds: [compareBios(scene, now), compareFirmware(scene, now, reader), compareHardware(scene, now)],
    sheet: sheetOf(scene),
  };
}

/** Whether settings and versions are known; where not, since when and why. */
function settingsKnown(scene: DriftScene, kind: DriftKind, names: readonly string[], now: number): Findings | null {
  const { settingsAt, settingsError, inServiceAt, controller } = scene;
  if (names.length === 0 || (settingsAt !== null && now - settingsAt <= staleAfter.settings)) return null;
  const why = controller ? (settingsError ?? 'its controller was not read') : 'it has no controller that is known';
  return { kind, unknown: { want: names.join(', ').slice(0, 200), since: settingsAt ?? inServiceAt, why } };
}

function compareBios(scene: DriftScene, now: number): Findings {
  const { bios } = scene.wants;
  const unknown = settingsKnown(scene, 'bios', Object.keys(bios), now);
  if (unknown !== null) return unknown;
  const { attributes = {}, changed = {} } = (scene.documents['bios'] ?? {}) as Partial<SettingsDocument>;
  const found = Object.entries(bios).flatMap(([name, wanted]): DriftFinding[] => {
    const value = attributes[name];
    const want = String(wanted);
    if (value === undefined || value === null)
      return [missing(name, want, now, 'its controller shows no such setting')];
    const host = hostTells(scene, changed[name]) ? contradicts(name, String(value), factsOf(scene)) : null;
    if (value !== wanted) {
      const note = host === null ? null : `the machine itself shows ${host}`;
      return [known(name, want, String(value).slice(0, longest), 'controller', note)];
    }
    return host === null ? [] : [known(name, want, host, 'host', `its controller says ${String(value)}`)];
  });
  return { kind: 'bios', found };
}

/** The machine's word is of the time of its last boot into the agent: it counts where nothing was changed since. */
function hostTells({ hostAt, biosSetAt }: DriftScene, changed: string | undefined): boolean {
  if (hostAt === null) return false;
  return (biosSetAt ?? 0) < hostAt && (changed === undefined || Date.parse(changed) < hostAt);
}

function factsOf({ firmware, host }: DriftScene): HostFacts {
  const sum = (name: 'cores' | 'threads') => host.cpus.reduce((total, cpu) => total + cpu[name], 0);
  return { firmware, cores: sum('cores'), threads: sum('threads') };
}

function compareFirmware(scene: DriftScene, now: number, reader: FirmwareReader): Findings {
  const { firmware } = scene.wants;
  const unknown = settingsKnown(scene, 'firmware', Object.keys(firmware), now);
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

function compareHardware(scene: DriftScene, now: number): Findings {
  const wants = scene.wants.hardware;
  const names = Object.keys(wants);
  const readAt = Math.max(scene.hostAt ?? 0, scene.inventoryAt ?? 0);
  if (names.length > 0 && now - readAt > staleAfter.parts) {
    const why = scene.controller ? 'its controller was not read whole' : 'it has no controller that is known';
    return { kind: 'hardware', unknown: { want: names.join(', '), since: readAt || scene.inServiceAt, why } };
  }
  const later = (scene.partsAt ?? 0) > (scene.hostAt ?? 0);
  const now_ = { host: hostSheet(scene.host), controller: controllerSheet(scene.documents), later };
  const parts = partsNow({ ...now_, first: scene.sheet ?? { host: now_.host, controller: null } });
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
function sheetOf(scene: DriftScene): DriftVerdict['sheet'] {
  const { sheet, host, documents } = scene;
  const reported = controllerSheet(documents);
  const controller = Object.keys(reported).length === 0 ? null : reported;
  if (sheet === null) return { host: hostSheet(host), controller };
  return sheet.controller === null && controller !== null ? { host: sheet.host, controller } : null;
}

function known(name: string, want: string, have: string, source: DriftSource, note: string | null): DriftFinding {
  return { name, want, have, source, note, unknownSince: null };
}

function missing(name: string, want: string, now: number, note: string): DriftFinding {
  return { name, want, have: null, source: 'controller', note, unknownSince: now };
}
