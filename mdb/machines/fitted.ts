/** Disks that came into a machine or left it since it last went into service. */

import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, or, sql } from 'drizzle-orm';
import type { DiskChange, FittedDisk } from '../../domain/birth/disks.ts';
import type { Transaction } from '../acting.ts';
import { disks, hardwareChanges, replacements } from '../schema.ts';

const columns = { serial: disks.serial, name: disks.name, bytes: disks.bytes };
const unconfirmed = (since: typeof disks.seenAt | typeof disks.presentSince) =>
  or(isNull(disks.confirmedAt), lt(disks.confirmedAt, since));

/** What nobody has confirmed yet, by name. Nothing of a machine that was never in service. */
export async function unconfirmedDisks(
  tx: Transaction,
  { id, inServiceAt }: { readonly id: string; readonly inServiceAt: Date | null },
): Promise<{ gone: FittedDisk[]; come: FittedDisk[] }> {
  if (inServiceAt === null) return { gone: [], come: [] };
  const mine = eq(disks.machineId, id);
  const gone = and(mine, eq(disks.present, false), unconfirmed(disks.seenAt));
  const come = and(mine, eq(disks.present, true), gt(disks.presentSince, inServiceAt), unconfirmed(disks.presentSince));
  return {
    gone: await tx.select(columns).from(disks).where(gone).orderBy(asc(disks.name)),
    come: await tx.select(columns).from(disks).where(come).orderBy(asc(disks.name)),
  };
}

/** Serial numbers of parts that a person has said to have put in, and who. */
export async function fittedParts(tx: Transaction, machineId: string): Promise<Map<string, string>> {
  const rows = await tx
    .select({ serial: replacements.serial, by: replacements.fittedBy })
    .from(replacements)
    .where(and(eq(replacements.machineId, machineId), isNotNull(replacements.serial)));
  return new Map(rows.flatMap(({ serial, by }) => (serial === null ? [] : [[serial, by ?? 'somebody'] as const])));
}

/** Writes down that a person confirmed these changes. */
export async function confirmDisks(
  tx: Transaction,
  machineId: string,
  changes: readonly DiskChange[],
  by: string,
): Promise<void> {
  const serials = changes.flatMap(({ before, after }) => [before, after].flatMap((disk) => disk?.serial ?? []));
  if (serials.length === 0) return;
  await tx
    .update(disks)
    .set({ confirmedAt: sql`now()` })
    .where(and(eq(disks.machineId, machineId), inArray(disks.serial, serials)));
  await tx.insert(hardwareChanges).values(changes.map((change) => rowOf(machineId, change, by)));
}

function rowOf(machineId: string, { before, after }: DiskChange, confirmedBy: string) {
  const place = (after ?? before)?.name ?? '';
  const change = before === null ? 'added' : after === null ? 'removed' : 'swapped';
  return { machineId, kind: 'disks', place, change, before, after, confirmedBy } as const;
}

/** What was gone before the machine ever went into service was never part of it. */
export async function forgetGone(tx: Transaction, machineId: string): Promise<void> {
  const gone = and(eq(disks.machineId, machineId), eq(disks.present, false));
  await tx
    .update(disks)
    .set({ confirmedAt: sql`now()` })
    .where(and(gone, unconfirmed(disks.seenAt)));
}
