/** The proof that disks were erased: what agents tell, what a person answers for, and what is known of all disks. */

import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { DiskErasedFact, ErasedFact } from '../../domain/agent.ts';
import type { EraseEvidence } from '../../domain/clean/erase.ts';
import type { DiskToErase } from '../../domain/clean/plan.ts';
import { doubtErased } from '../../domain/clean/plan.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import { type AgentSession, agentActor, lockReporter, type NotAccepted, postReport } from '../boot/agent.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { disks, erasures, machines } from '../schema.ts';

export type ErasureRow = typeof erasures.$inferSelect;

/**
 * Keeps what the agent tells of the disks that it erases; the reason when it was not told to erase one of them, or not
 * in this way. The end of all is sent to the workflow, once a directive.
 */
export function takeErased(mdb: Mdb, session: AgentSession, fact: ErasedFact): Promise<NotAccepted> {
  const { orderId } = session;
  return acting(mdb, agentActor, orderId, async (tx) => {
    const machine = await lockReporter(tx, session.machineId);
    // The end of an earlier directive, told again because its answer was lost.
    if (fact.finish !== null && fact.finish.seq < machine.directiveSeq) return null;
    const stray = doubtErased(machine.directive, fact);
    if (stray !== null || orderId === null) return stray ?? 'nobody has ordered anything for this machine';
    for (const disk of fact.disks) await keep(tx, machine.id, orderId, disk);
    await tx.update(machines).set({ lastSeenAt: sql`now()` }).where(eq(machines.id, machine.id));
    if (fact.finish !== null) await postReport(tx, session, { kind: 'erased', of: String(machine.directiveSeq) });
    for (const { serial, name, method, state, evidence } of fact.disks) {
      const detail = { serial, name, method, words: evidence.words };
      await record(tx, { actor: agentActor, action: `agent.erase-${state}`, machineId: machine.id, orderId, detail });
    }
    return null;
  });
}

/** Evidence adds up over attempts by the same method: keys that were discarded in the first are gone in the second. */
async function keep(tx: Transaction, machineId: string, orderId: string, disk: DiskErasedFact): Promise<void> {
  const { serial, name, method, state, evidence } = disk;
  const endedAt = state === 'begun' ? null : sql`clock_timestamp()`;
  await tx
    .insert(erasures)
    .values({ orderId, machineId, serial, name, method, state, evidence, endedAt })
    .onConflictDoUpdate({
      target: [erasures.orderId, erasures.serial],
      set: {
        name,
        method,
        state,
        endedAt,
        evidence: sql`case when ${erasures.method} = ${method} then ${erasures.evidence} else '{}'::jsonb end || ${JSON.stringify(evidence)}::jsonb`,
      },
    });
  if (state !== 'done') return;
  // The agent leaves both ends of the disk as zeros, whatever the method.
  const mine = and(eq(disks.machineId, machineId), eq(disks.serial, serial));
  await tx.update(disks).set({ content: 'blank', mark: null }).where(mine);
}

/** Every disk ever seen in the machine, with what this order knows of it. */
export async function disksToErase(tx: MdbOrTransaction, machineId: string, orderId: string): Promise<DiskToErase[]> {
  const rows = await tx.select().from(disks).where(eq(disks.machineId, machineId)).orderBy(asc(disks.serial));
  const serials = rows.map(({ serial }) => serial);
  if (serials.length === 0) return [];
  const mine = await tx.select().from(erasures).where(eq(erasures.orderId, orderId));
  const vouched = await tx
    .select({ serial: erasures.serial })
    .from(erasures)
    .innerJoin(disks, and(eq(disks.machineId, erasures.machineId), eq(disks.serial, erasures.serial)))
    .where(
      and(
        eq(erasures.machineId, machineId),
        eq(erasures.state, 'vouched'),
        sql`${erasures.endedAt} >= ${disks.seenAt}`,
        eq(disks.present, false),
      ),
    );
  const moved = await tx
    .select({ serial: disks.serial, machineId: disks.machineId })
    .from(disks)
    .where(and(inArray(disks.serial, serials), eq(disks.present, true), sql`${disks.machineId} <> ${machineId}`));
  return rows.map(({ serial, name, mark, present }) => ({
    serial,
    name,
    mark,
    present,
    movedTo: moved.find((one) => one.serial === serial)?.machineId ?? null,
    erasure: mine.find((one) => one.serial === serial) ?? null,
    vouched: vouched.some((one) => one.serial === serial),
  }));
}

/** Writes down that a person answers for disks that are not in the machine any more. */
export async function vouch(
  tx: Transaction,
  order: { readonly machineId: string; readonly orderId: string },
  absent: readonly Pick<DiskToErase, 'serial' | 'name'>[],
  by: Actor,
): Promise<void> {
  const { machineId, orderId } = order;
  const evidence: EraseEvidence = { vouchedBy: by.name };
  for (const { serial, name } of absent) {
    const row = { method: 'none', state: 'vouched', evidence, endedAt: sql`clock_timestamp()` } as const;
    await tx
      .insert(erasures)
      .values({ orderId, machineId, serial, name, ...row })
      .onConflictDoUpdate({ target: [erasures.orderId, erasures.serial], set: row });
  }
  const serials = absent.map(({ serial }) => serial);
  await record(tx, { actor: by, action: 'clean.vouched', machineId, orderId, detail: { serials } });
}

/** The proof of a machine's disks, newest first. */
export function listErasures(mdb: MdbOrTransaction, machineId: string): Promise<ErasureRow[]> {
  return mdb
    .select()
    .from(erasures)
    .where(eq(erasures.machineId, machineId))
    .orderBy(sql`${erasures.begunAt} desc`, asc(erasures.serial))
    .limit(1000);
}

/** Whether the machine has shown another identity since the order began. */
export async function identityChanged(tx: Transaction, machineId: string, orderId: string): Promise<boolean> {
  const rows = await tx.execute<{ changed: boolean }>(sql`
    select exists (
      select from audit a join orders o on o.id = ${orderId}
      where a.machine_id = ${machineId} and a.action = 'agent.identity-changed' and a.at >= o.started_at
    ) as changed`);
  return rows[0]?.changed === true;
}
