/** What the gates in front of a grant (`domain/permits/gates.ts`) have to know of the MDB. */
import { and, inArray, sql } from 'drizzle-orm';
import { breakerGateOf } from '../../domain/circuitbreaker.ts';
import { isOfferable } from '../../domain/machine.ts';
import type { CandidateFacts, GateFacts } from '../../domain/permits/gates.ts';
import type { PermitGate } from '../../domain/permits/terms.ts';
import type { Transaction } from '../acting.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { brakes, machines, orders, permits } from '../schema.ts';

type Candidate = Pick<typeof permits.$inferSelect, 'id' | 'machineId' | 'workflowId'>;

/** What the rate leaves of this minute. A minute that is full says when its first grant leaves it. */
export async function readRate(
  tx: MdbOrTransaction,
  semaphore: string,
  perMinute: number | null,
): Promise<GateFacts['rate']> {
  if (perMinute === null) return null;
  const rows = await tx.execute<{ count: number; first: number | null }>(sql`
    select count(*)::int as count, (extract(epoch from min(granted_at)) * 1000)::bigint as first
    from ${permits} where semaphore = ${semaphore} and granted_at > now() - interval '1 minute'`);
  const { count = 0, first = null } = rows[0] ?? {};
  return { left: perMinute - count, until: (first ?? Date.now()) + 60_000 };
}

/** The storm brake as it stands. */
export async function readBreakerGate(mdb: MdbOrTransaction): Promise<PermitGate | null> {
  const [brake] = await mdb.select().from(brakes);
  return brake === undefined ? null : breakerGateOf(brake, Date.now());
}

/** What is known of each candidate's machine, by the candidate's id. */
export async function readCandidateFacts(
  tx: Transaction,
  candidates: readonly Candidate[],
): Promise<Map<string, CandidateFacts>> {
  if (candidates.length === 0) return new Map();
  const ids = [...new Set(candidates.map(({ machineId }) => machineId))];
  const { id, stage, opState, repairState } = machines;
  const rows = await tx.select({ id, stage, opState, repairState }).from(machines).where(inArray(id, ids));
  const healthy = new Set(rows.filter(isOfferable).map((row) => row.id));
  const busy = await readBusy(tx, candidates);
  return new Map(
    candidates.map((one) => [
      one.id,
      {
        healthy: healthy.has(one.machineId),
        busy: one.workflowId === null ? (busy.get(one.machineId) ?? null) : null,
      },
    ]),
  );
}

/** The image system may not disrupt a machine that Farrier works on: its grant would make that work's fence stale. */
async function readBusy(tx: Transaction, candidates: readonly Candidate[]): Promise<Map<string, string>> {
  const ids = candidates.filter(({ workflowId }) => workflowId === null).map(({ machineId }) => machineId);
  if (ids.length === 0) return new Map();
  const running = await tx
    .select({ machineId: orders.machineId, id: orders.id })
    .from(orders)
    .where(and(inArray(orders.machineId, ids), sql`${orders.state} = 'running'`));
  const held = await tx
    .select({ machineId: permits.machineId, id: permits.orderId })
    .from(permits)
    .where(
      and(inArray(permits.machineId, ids), sql`${permits.state} = 'granted'`, sql`${permits.workflowId} is not null`),
    );
  return new Map(
    [...running, ...held].map(({ machineId, id }) => [machineId, `order ${id ?? '?'} works on the machine`]),
  );
}
