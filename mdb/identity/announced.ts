import { and, eq, sql } from 'drizzle-orm';
import type { Transaction } from '../acting.ts';
import { bmcs, expectedBmcs, machines } from '../schema.ts';

/**
 * Gives a machine that was never seen the controller that was announced for its MAC, so that it can be powered on. The
 * announced serial number becomes the machine's: the second factor by which the controller is known. Without one the
 * controller is contacted only after the machine has reported its inventory.
 */
export async function claimAnnounced(tx: Transaction, machineId: string): Promise<void> {
  const [expected] = await tx
    .select({ origin: expectedBmcs.origin, secretRef: expectedBmcs.secretRef, serial: expectedBmcs.serial })
    .from(expectedBmcs)
    .innerJoin(machines, and(eq(machines.mac, expectedBmcs.mac), eq(machines.siteId, expectedBmcs.siteId)))
    .where(eq(machines.id, machineId))
    .for('update', { of: expectedBmcs });
  if (!expected || expected.serial === null) return;
  const { origin, secretRef, serial } = expected;
  const claimed = await tx
    .insert(bmcs)
    .values({ machineId, origin, secretRef })
    .onConflictDoNothing()
    .returning({ origin: bmcs.origin });
  if (claimed.length === 0) return;
  await tx.delete(expectedBmcs).where(eq(expectedBmcs.origin, origin));
  await tx
    .update(machines)
    .set({ serial: sql`coalesce(${machines.serial}, ${serial})` })
    .where(eq(machines.id, machineId));
}
