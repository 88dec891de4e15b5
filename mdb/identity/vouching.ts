/** A person's word on whose a controller is, for machines that show too little to tell. */

import { eq, sql } from 'drizzle-orm';
import type { IdentityAnswer } from '../../domain/identity/word.ts';
import { type Actor, acting, record } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { bmcs } from '../schema.ts';

/**
 * Keeps a person's word that the controller is this machine's. It lifts a lack of factors, never a contradiction, and
 * lasts for as long as the controller shows what it showed when the word was first relied on. False without a controller.
 */
export function vouchForController(mdb: Mdb, actor: Actor, machineId: string, reason: string): Promise<boolean> {
  return acting(mdb, actor, null, async (tx) => {
    const identityAnswer: IdentityAnswer = { by: actor.name, reason, observed: null };
    const kept = await tx
      .update(bmcs)
      .set({ identityAnswer })
      .where(eq(bmcs.machineId, machineId))
      .returning({ id: bmcs.machineId });
    if (kept.length === 0) return false;
    await record(tx, { actor, action: 'bmc.vouch', machineId, detail: { reason } });
    return true;
  });
}

/** Ties the answer to what the controller shows now; whoever does it first. */
export async function tieIdentityAnswer(
  mdb: Mdb,
  machineId: string,
  observed: NonNullable<IdentityAnswer['observed']>,
): Promise<void> {
  await mdb
    .update(bmcs)
    .set({ identityAnswer: sql`jsonb_set(${bmcs.identityAnswer}, '{observed}', ${JSON.stringify(observed)}::jsonb)` })
    .where(sql`${bmcs.machineId} = ${machineId} and ${bmcs.identityAnswer} -> 'observed' = 'null'::jsonb`);
}
