import { and, eq, ne } from 'drizzle-orm';
import { type Actor, acting, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { bmcs, signIns } from '../schema.ts';

export interface Release {
  readonly reason: string;
  /** Gives up the pinned key: the next contact pins another one. */
  readonly newCertificate: boolean;
}

/**
 * Lets a controller be talked to again, by a person's word, which the audit keeps. Credentials that were refused or
 * never answered are offered once more. `certificate`: it was shut out for another certificate, and giving up the pinned
 * one was not said.
 */
export function releaseController(
  mdb: Mdb,
  actor: Actor,
  machineId: string,
  { reason, newCertificate }: Release,
): Promise<'released' | 'none' | 'free' | 'certificate'> {
  return acting(mdb, actor, null, async (tx) => {
    const [bmc] = await tx.select().from(bmcs).where(eq(bmcs.machineId, machineId)).for('update');
    if (!bmc) return 'none';
    if (bmc.quarantine === null) return 'free';
    if (bmc.quarantineFor === 'certificate' && !newCertificate) return 'certificate';
    // What was said of a controller with another key was said of another one.
    const renewed = newCertificate ? { pin: null, identityAnswer: null } : {};
    await tx
      .update(bmcs)
      .set({ quarantine: null, quarantineFor: null, ...renewed })
      .where(eq(bmcs.machineId, machineId));
    await tx.delete(signIns).where(and(eq(signIns.machineId, machineId), ne(signIns.state, 'accepted')));
    const detail = { reason, was: bmc.quarantine, newCertificate };
    await record(tx, { actor, action: 'bmc.release', machineId, detail });
    return 'released';
  });
}

/** By what a machine's controller is known, and what it is shut out for; null without one. */
export async function readTrust(mdb: MdbOrTransaction, machineId: string) {
  const { origin, mac, pin, quarantine, quarantineFor } = bmcs;
  const [row] = await mdb
    .select({ origin, mac, pin, quarantine, quarantineFor })
    .from(bmcs)
    .where(eq(bmcs.machineId, machineId));
  return row ?? null;
}
