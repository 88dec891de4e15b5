/** Changes of controllers' passwords: which of two secrets is in force, until one is known to be. */
import { and, eq, isNull, sql } from 'drizzle-orm';
import { type Actor, record } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { bmcs, expectedBmcs, intents, rotations } from '../schema.ts';

const actor: Actor = { class: 'system', name: 'hardware' };

/** What a controller is signed in to with, as it is now; null when the machine has none. */
export async function statusOf(mdb: Mdb, machineId: string) {
  const [row] = await mdb
    .select({
      quarantine: bmcs.quarantine,
      quarantineFor: bmcs.quarantineFor,
      secretRef: bmcs.secretRef,
      rotation: rotations.id,
    })
    .from(bmcs)
    .leftJoin(rotations, and(eq(rotations.machineId, bmcs.machineId), isNull(rotations.settledAt)))
    .where(eq(bmcs.machineId, machineId));
  return row ?? null;
}

/** A change that was sent, of which it is not known whether it is in force. */
export interface SecretRotation {
  readonly id: string;
  readonly machineId: string;
  readonly fromRef: string;
  readonly toRef: string;
  readonly newRefusedAt: Date | null;
  /** Milliseconds since it was sent, by the MDB's clock. */
  readonly ageMs: number;
}

export async function openRotationOf(mdb: Mdb, machineId: string): Promise<SecretRotation | null> {
  const [row] = await mdb
    .select({
      id: rotations.id,
      machineId: rotations.machineId,
      fromRef: rotations.fromRef,
      toRef: rotations.toRef,
      newRefusedAt: rotations.newRefusedAt,
      ageMs: sql<number>`(extract(epoch from clock_timestamp() - ${rotations.sentAt}) * 1000)::float8`,
    })
    .from(rotations)
    .where(and(eq(rotations.machineId, machineId), isNull(rotations.settledAt)));
  return row ?? null;
}

/**
 * Marks the intent as sent and opens the change, together: whoever comes next knows that either secret may be in force.
 * False when somebody else did, who then is the one that sends.
 */
export function beginRotation(
  mdb: Mdb,
  row: Pick<SecretRotation, 'id' | 'machineId' | 'fromRef' | 'toRef'> & { readonly account: string },
): Promise<boolean> {
  return mdb.transaction(async (tx) => {
    const marked = await tx
      .update(intents)
      .set({ state: 'sent', sentAt: sql`now()` })
      .where(and(eq(intents.id, row.id), eq(intents.state, 'written')))
      .returning({ id: intents.id });
    if (marked.length === 0) return false;
    await tx.insert(rotations).values(row);
    return true;
  });
}

/** The controller refused the new password: it is not offered again. */
export async function noteNewRefused(mdb: Mdb, id: string): Promise<void> {
  await mdb.update(rotations).set({ newRefusedAt: sql`now()` }).where(eq(rotations.id, id));
}

/**
 * Settles which secret is in force, once, with the intent and the audit. `new` becomes the controller's reference;
 * `neither` takes the controller into quarantine, with both references named.
 */
export function settleRotation(
  mdb: Mdb,
  { id, machineId, fromRef, toRef }: Pick<SecretRotation, 'id' | 'machineId' | 'fromRef' | 'toRef'>,
  inForce: 'new' | 'old' | 'neither',
  observed: string,
): Promise<void> {
  return mdb.transaction(async (tx) => {
    const settled = await tx
      .update(rotations)
      .set({ inForce, settledAt: sql`now()` })
      .where(and(eq(rotations.id, id), isNull(rotations.settledAt)))
      .returning({ id: rotations.id });
    if (settled.length === 0) return;
    const own = and(eq(bmcs.machineId, machineId), eq(bmcs.secretRef, fromRef));
    if (inForce === 'new') await tx.update(bmcs).set({ secretRef: toRef }).where(own);
    if (inForce === 'neither')
      await tx.update(bmcs).set({ quarantine: observed, quarantineFor: 'credentials' }).where(own);
    const state = inForce === 'new' ? 'done' : inForce === 'old' ? 'not_done' : 'unknown';
    const [intent] = await tx
      .update(intents)
      .set({ state, observed: { observed }, settledAt: sql`now()` })
      .where(eq(intents.id, id))
      .returning({ orderId: intents.orderId });
    const detail = { from: fromRef, to: toRef, inForce };
    await record(tx, { actor, action: 'bmc.password', machineId, orderId: intent?.orderId ?? null, detail });
  });
}

/** Whether a secret was made by an earlier change and nothing refers to it any more. */
export async function isLeftOver(mdb: Mdb, reference: string): Promise<boolean> {
  const rows = await mdb.execute<{ left: boolean }>(sql`
    select exists (select from ${rotations} where to_ref = ${reference} and in_force = 'new')
       and not exists (select from ${bmcs} where secret_ref = ${reference})
       and not exists (select from ${expectedBmcs} where secret_ref = ${reference})
       and not exists (select from ${rotations} where settled_at is null and ${reference} in (from_ref, to_ref)) as left`);
  return rows[0]?.left === true;
}
