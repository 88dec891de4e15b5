/** By what name each disk is known. Pure. */
import type { DiskFact } from '../../domain/agent.ts';

/** A disk as its record tells it: identifiers that say nothing are null. */
export interface ReportedDisk extends Omit<DiskFact, 'serial' | 'wwid'> {
  readonly serial: string | null;
  readonly wwid: string | null;
  readonly nguid: string | null;
  readonly eui: string | null;
  /** A path of multipath NVMe, which is no device of its own. */
  readonly hidden: boolean;
}

/**
 * Names disks by their serial number where it is single in the machine, else by their WWID, NGUID or EUI (a controller's
 * namespaces and a RAID controller's volumes show one serial number), as a last resort by where they are. Two nodes with
 * one WWID, serial number and size are two paths to one disk: there are batches of drives with one WWID. What nothing tells from another is left out: whoever acts on it could hit the other.
 */
export function nameDisks(reported: readonly ReportedDisk[]): { disks: DiskFact[]; leftOut: string[] } {
  // Card readers without a card are disks of no size.
  const disks = joinPaths(reported.filter(({ hidden, bytes }) => !hidden && bytes > 0));
  const leftOut: string[] = [];
  const named = new Map<string, DiskFact>();
  for (const disk of disks) {
    const name = nameOf(disk, disks);
    const other = named.get(name);
    if (other)
      leftOut.push(
        `disk ${disk.name} shows ${name} as disk ${other.name} does, and nothing else to tell them by: left out`,
      );
    else named.set(name, factOf(disk, name));
  }
  return { disks: [...named.values()], leftOut };
}

function nameOf(disk: ReportedDisk, disks: readonly ReportedDisk[]): string {
  const { serial } = disk;
  const isSingle = serial !== null && disks.filter((one) => one.serial === serial).length === 1;
  const single = isSingle ? serial : (worldName(disk) ?? serial);
  return single ?? `no-serial:${disk.name}`;
}

/** A name that no other disk in the world has; what vendors make of model and serial number is no such name. */
function worldName({ wwid, nguid, eui, serial }: ReportedDisk): string | null {
  const made = wwid !== null && serial !== null && /^(t10|nvme)\./i.test(wwid);
  return (made ? null : wwid) ?? nguid ?? eui;
}

function joinPaths(disks: readonly ReportedDisk[]): ReportedDisk[] {
  const seen = new Set<string>();
  return disks.filter((disk) => {
    const name = worldName(disk)?.toLowerCase();
    const key = `${name}/${disk.serial}/${disk.bytes}`;
    return name === undefined || (!seen.has(key) && seen.add(key));
  });
}

function factOf({ nguid: _, eui: __, hidden: ___, wwid, ...disk }: ReportedDisk, serial: string): DiskFact {
  return { ...disk, serial, wwid };
}
