/** Parts of a machine by kind: how many, and which. Pure. */

import type { Documents, HostParts, SheetRow } from './drift.ts';
import { type PartKind, partKinds } from './drift.ts';
import type { PartCount, PartSheet } from './sheet.ts';

const gigabytes = (bytes: number | null) => (bytes === null ? '? GB' : `${Math.round(bytes / 1e9)} GB`);
const mebibytes = (mib: number | null) => `${mib ?? '?'} MiB`;

/** `8 × 32768 MiB, 8 × 16384 MiB` */
function tally(names: readonly string[]): PartCount {
  const groups = [...Map.groupBy(names, (name) => name)].sort(([one], [other]) => (one < other ? -1 : 1));
  return { count: names.length, which: groups.map(([name, all]) => `${all.length} × ${name}`).join(', ') || 'none' };
}

/** As the machine's agent found it. Memory is what its firmware gives the system, in MiB. */
export function hostSheet({ memoryMib, cpus, dimms, disks, nics, accelerators }: HostParts): PartSheet {
  return {
    cpus: tally(cpus.map(({ model }) => model)),
    ...(memoryMib !== null && { memoryMib: { count: memoryMib, which: mebibytes(memoryMib) } }),
    dimms: tally(dimms.map(({ mib }) => mebibytes(mib))),
    disks: tally(disks.map(({ bytes }) => gigabytes(bytes))),
    nics: { count: nics, which: `${nics}` },
    accelerators: tally(accelerators.map(({ vendor, device }) => `${vendor}:${device}`)),
  };
}

interface Entry {
  readonly model?: string | null;
  readonly mib?: number | null;
  readonly bytes?: number | null;
  readonly mac?: string | null;
  readonly universal?: boolean;
}

/** As its controller tells; kinds that it tells nothing of are absent, since many controllers leave some out. */
export function controllerSheet(documents: Documents): PartSheet {
  const list = (kind: string) => (Array.isArray(documents[kind]) ? (documents[kind] as Entry[]) : []);
  const [cpus, dimms, drives, accelerators] = ['cpus', 'dimms', 'drives', 'accelerators'].map(list);
  const nics = new Set(list('nics').flatMap(({ mac, universal }) => (mac && universal !== false ? [mac] : []))).size;
  const { memoryGib } = (documents['system'] ?? {}) as { memoryGib?: number | null };
  const sheet = {
    cpus: tally((cpus ?? []).map(({ model }) => model ?? '?')),
    dimms: tally((dimms ?? []).map(({ mib }) => mebibytes(mib ?? null))),
    disks: tally((drives ?? []).map(({ bytes }) => gigabytes(bytes ?? null))),
    nics: { count: nics, which: `${nics}` },
    accelerators: tally((accelerators ?? []).map(({ model }) => model ?? '?')),
    memoryMib: { count: (memoryGib ?? 0) * 1024, which: mebibytes((memoryGib ?? 0) * 1024) },
  };
  return Object.fromEntries(Object.entries(sheet).filter(([, { count }]) => count > 0));
}

/** The kernel and the firmware keep some memory to themselves, and not always as much. */
const slack: Readonly<Partial<Record<PartKind, number>>> = { memoryMib: 0.03 };

export function isFewer(kind: PartKind, have: number, want: number): boolean {
  return have < want * (1 - (slack[kind] ?? 0));
}

export interface PartsNow {
  readonly host: PartSheet;
  readonly controller: PartSheet;
  /** Whether the controller reported this after the machine itself did. */
  readonly later: boolean;
  readonly first: SheetRow;
}

export interface PartNow {
  readonly kind: PartKind;
  readonly have: number;
  readonly source: 'host' | 'controller';
  /** What it was and is made of, where that is another thing than at first. */
  readonly other: { readonly was: string; readonly is: string; readonly source: 'host' | 'controller' } | null;
  readonly born: PartCount | null;
}

/**
 * What is there of each kind: what the machine found itself, less what its controller saw go since. Both count in their
 * own way, so that each is compared with itself.
 */
export function partsNow({ host, controller, later, first }: PartsNow): PartNow[] {
  return partKinds.flatMap((kind): PartNow[] => {
    const mine = host[kind];
    if (mine === undefined) return [];
    const [was, is] = [first.controller?.[kind], later ? controller[kind] : undefined];
    const lost = was === undefined || !later ? 0 : Math.max(0, was.count - (is?.count ?? 0));
    const source = lost > 0 ? 'controller' : 'host';
    return [
      { kind, have: mine.count - lost, source, other: otherOf(kind, mine, first, is), born: first.host[kind] ?? null },
    ];
  });
}

function otherOf(kind: PartKind, mine: PartCount, first: SheetRow, is: PartCount | undefined): PartNow['other'] {
  if (kind === 'memoryMib') return null;
  const [born, was] = [first.host[kind], first.controller?.[kind]];
  if (born !== undefined && born.which !== mine.which) return { was: born.which, is: mine.which, source: 'host' };
  if (was !== undefined && is !== undefined && was.which !== is.which)
    return { was: was.which, is: is.which, source: 'controller' };
  return null;
}
