/** A disk as the machine's agent last told it. */
export interface KnownDisk {
  readonly serial: string;
  readonly name: string;
  readonly bytes: number;
}

/** A drive as its controller shows it. */
export interface ObservedDrive {
  readonly serial: string | null;
  readonly slot: string | null;
}

/** A drive that its controller showed before; `next` is the serial number of what is in its slot now. */
export interface LeftDrive {
  readonly serial: string;
  readonly slot: string;
  readonly next: string | null;
}

const same = (one: string | null, other: string) => one?.trim().toUpperCase() === other.trim().toUpperCase();

/**
 * Sentences on disks that the machine had and its controller shows no more, each with serial number and, where it is
 * known, slot. Nothing where the controller shows none of the machine's disks: many see only what hangs on their own
 * storage controllers. Pure.
 */
export function missingDisks(
  known: readonly KnownDisk[],
  observed: readonly ObservedDrive[],
  left: readonly LeftDrive[],
): string[] {
  const isObserved = ({ serial }: KnownDisk) => observed.some((drive) => same(drive.serial, serial));
  if (!known.some(isObserved)) return [];
  return known.filter((disk) => !isObserved(disk)).map((disk) => sentence(disk, observed, left));
}

function sentence(disk: KnownDisk, observed: readonly ObservedDrive[], left: readonly LeftDrive[]): string {
  const was = left.find(({ serial }) => same(serial, disk.serial));
  const size = `${(disk.bytes / 1e9).toFixed(1)} GB`;
  const what = `Disk ${disk.serial} (${disk.name}, ${size}) is not in the machine any more`;
  if (was?.next) return `${what}: ${was.slot} has ${was.next} instead.`;
  if (was) return `${what}: ${was.slot} is empty.`;
  return `${what}; its controller shows ${observed.map(({ serial, slot }) => `${serial ?? '?'} in ${slot ?? '?'}`).join(', ')}.`;
}
