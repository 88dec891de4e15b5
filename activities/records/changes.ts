import type { Gap } from '../../redfish/read/reader.ts';
import { entryAt, type Kind, type Part, partsOf } from './parts.ts';

export interface Change {
  readonly kind: Kind;
  readonly place: string;
  readonly change: 'added' | 'removed' | 'swapped' | 'version';
  readonly before: unknown;
  readonly after: unknown;
}

/** What one kind of part is from now on, and what became of it since. */
export interface Verdict {
  readonly document: unknown;
  readonly changes: readonly Change[];
}

/**
 * Compares a fresh document of a kind with the kept one. `partial` says that the reading may have missed parts: those
 * that are not in it stay, and none counts as removed. Nothing is a change of what was never seen before.
 */
export function judge(kind: Kind, kept: unknown, fresh: unknown, partial: boolean): Verdict {
  if (kept === undefined) return { document: fresh, changes: [] };
  const [before, after] = [partsOf(kind, kept), partsOf(kind, fresh)];
  const changes = after.flatMap((part) =>
    changeOf(
      kind,
      before.find(({ place }) => place === part.place),
      part,
    ),
  );
  const gone = before.filter(({ place }) => !after.some((part) => part.place === place));
  if (!partial) return { document: fresh, changes: [...changes, ...gone.map((part) => removed(kind, part))] };
  const missed = gone.map(({ place }) => entryAt(kind, kept, place)).filter((entry) => entry !== undefined);
  return { document: Array.isArray(fresh) ? [...fresh, ...missed] : fresh, changes };
}

function removed(kind: Kind, part: Part): Change {
  return { kind, place: part.place, change: 'removed', before: part, after: null };
}

function changeOf(kind: Kind, before: Part | undefined, after: Part): Change[] {
  const change = { kind, place: after.place, before: before ?? null, after };
  if (before === undefined) return [{ ...change, change: 'added' }];
  if (isOther(before, after)) return [{ ...change, change: 'swapped' }];
  const updated = before.version !== null && after.version !== null && before.version !== after.version;
  return updated ? [{ ...change, change: 'version' }] : [];
}

/** Another part in the same place: by its serial number, or by its model where one of them shows no number. */
function isOther(before: Part, after: Part): boolean {
  if (before.serial !== null && after.serial !== null) return before.serial !== after.serial;
  return before.model !== null && after.model !== null && before.model !== after.model;
}

/** Kinds that hang on a resource, by its path. */
const found: readonly (readonly [RegExp, readonly Kind[]])[] = [
  [/\/(Storage|SimpleStorage|Drives|Volumes)\b/i, ['drives']],
  [/\/Memory\b/i, ['dimms']],
  [/\/(Processors|PCIeDevices)\b/i, ['cpus', 'accelerators']],
  [
    /\/(NetworkAdapters|NetworkInterfaces|EthernetInterfaces|NetworkPorts|Ports|NetworkDeviceFunctions)\b/i,
    ['adapters', 'nics'],
  ],
  [/\/(Power|PowerSubsystem|PowerSupplies)\b/i, ['supplies']],
  [/\/(Thermal|ThermalSubsystem|Fans)\b/i, ['fans']],
  [/\/(UpdateService|FirmwareInventory)\b/i, ['firmware']],
];

/** Kinds of which a machine that is off may hide parts (quirk 70). */
const hidden: readonly Kind[] = ['drives', 'adapters', 'nics', 'accelerators', 'dimms', 'cpus', 'fans', 'firmware'];

/** Kinds of which this reading may have missed parts: resources that could not be read, or a machine that is off. */
export function partialKinds(gaps: readonly Gap[], power: string | null): ReadonlySet<Kind> {
  const missed = gaps.flatMap(({ path }): readonly Kind[] => {
    const known = found.find(([pattern]) => pattern.test(path));
    // A whole chassis or system that is missing may have had anything in it.
    return known?.[1] ?? [...hidden, 'supplies', 'chassis', 'controllers'];
  });
  return new Set([...missed, ...(power === 'On' ? [] : hidden)]);
}
