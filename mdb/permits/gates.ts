/** The gates in front of a grant: capacity, windows, the healthy share, and what keeps a single machine back. */
import { and, inArray, sql } from 'drizzle-orm';
import type { PermitGate } from '../../contract/semaphore.ts';
import type { Transaction } from '../acting.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { brakes, machines, orders, permits } from '../schema.ts';
import type { Policy } from './policy.ts';

/** One semaphore at one moment. */
export interface Scene {
  readonly semaphore: string;
  readonly policy: Policy;
  readonly group: { readonly total: number; readonly healthy: number };
  readonly capacity: number;
  /** Permits that are left. */
  readonly room: number;
  /** When the window opens; null while it is open. */
  readonly opensAt: number | null;
  /** Grants that the rate leaves for now, and when it leaves more; null where there is no rate. */
  readonly rate: { readonly left: number; readonly until: number } | null;
  /** The storm brake, while it is engaged. */
  readonly brake: PermitGate | null;
}

type Candidate = typeof permits.$inferSelect;

export interface Verdict {
  readonly granted: readonly Candidate[];
  readonly held: readonly { readonly id: string; readonly why: string }[];
  readonly gate: PermitGate | null;
}

/** What is known of a candidate's machine. */
export interface CandidateFacts {
  /** It is in service and well: a permit for it takes it out. */
  readonly healthy: boolean;
  /** Why it can't have this permit now although there is one; null where nothing speaks against it. */
  readonly busy: string | null;
}

export async function judgeCandidates(
  tx: Transaction,
  scene: Scene,
  candidates: readonly Candidate[],
): Promise<Verdict> {
  if (candidates.length === 0) return { granted: [], held: [], gate: scene.room > 0 ? null : fullGate(scene) };
  return judge(scene, candidates, await readFacts(tx, candidates));
}

/** Goes down the line. Pure. Who is kept back by something of its own lets the others pass; a closed gate lets no one. */
export function judge(
  scene: Scene,
  candidates: readonly Candidate[],
  facts: ReadonlyMap<string, CandidateFacts>,
): Verdict {
  const granted: Candidate[] = [];
  const held: { id: string; why: string }[] = [];
  let gate: PermitGate | null = null;
  let healthy = scene.group.healthy;
  for (const candidate of candidates) {
    const fact = facts.get(candidate.id) ?? { healthy: true, busy: null };
    if (scene.room - granted.length <= 0) {
      gate = fullGate(scene);
      break;
    }
    if (scene.rate !== null && scene.rate.left - granted.length <= 0) {
      gate ??= rateGate(scene, scene.rate);
      break;
    }
    const closed = windowGate(scene, candidate) ?? brakeGate(scene, fact) ?? healthGate(scene, healthy, fact);
    const why = closed?.reason ?? fact.busy;
    if (why === null) {
      granted.push(candidate);
      if (fact.healthy) healthy -= 1;
    } else {
      held.push({ id: candidate.id, why });
      gate ??= closed;
    }
  }
  return { granted, held, gate };
}

function fullGate({ capacity }: Scene): PermitGate {
  const reason = capacity === 0 ? 'the policy allows no permit' : `all permits are held, of ${capacity}`;
  return { kind: 'capacity', reason, until: null };
}

function rateGate({ policy }: Scene, { until }: { readonly until: number }): PermitGate {
  return { kind: 'rate', reason: `${policy.perMinute} were granted within a minute`, until };
}

/** What the rate leaves of this minute. A minute that is full says when its first grant leaves it. */
export async function readRate(
  tx: MdbOrTransaction,
  semaphore: string,
  perMinute: number | null,
): Promise<Scene['rate']> {
  if (perMinute === null) return null;
  const { rows } = await tx.execute<{ count: number; first: number | null }>(sql`
    select count(*)::int as count, (extract(epoch from min(granted_at)) * 1000)::bigint as first
    from ${permits} where semaphore = ${semaphore} and granted_at > now() - interval '1 minute'`);
  const { count = 0, first = null } = rows[0] ?? {};
  return { left: perMinute - count, until: (first ?? Date.now()) + 60_000 };
}

/** An emergency waits for no window. */
function windowGate({ opensAt }: Scene, { class: urgency }: Candidate): PermitGate | null {
  if (opensAt === null || urgency === 'emergency') return null;
  return { kind: 'window', reason: `its window opens at ${new Date(opensAt).toISOString()}`, until: opensAt };
}

/** What is out of service already is no part of a storm. */
function brakeGate({ brake }: Scene, { healthy }: CandidateFacts): PermitGate | null {
  return healthy ? brake : null;
}

/** The storm brake as it stands; departures themselves are held by it too, so that a grant would only wait there. */
export async function readBrakeGate(tx: MdbOrTransaction): Promise<PermitGate | null> {
  const [brake] = await tx
    .select({ reason: brakes.reason, coolUntil: brakes.coolUntil })
    .from(brakes)
    .where(
      sql`${brakes.engagedAt} is not null and coalesce(${brakes.coolUntil} > now(), true)
        and coalesce(${brakes.overrideUntil} <= now(), true)`,
    );
  if (brake === undefined) return null;
  const reason = `the storm brake is engaged: ${brake.reason ?? 'no reason given'}`;
  return { kind: 'brake', reason, until: brake.coolUntil?.getTime() ?? null };
}

/** A machine that is out of service already takes nothing away. */
function healthGate({ policy, group }: Scene, healthy: number, fact: CandidateFacts): PermitGate | null {
  if (policy.minHealthy === null || !fact.healthy) return null;
  const needed = Math.ceil((group.total * policy.minHealthy) / 100);
  if (healthy - 1 >= needed) return null;
  const reason = `${healthy} of ${group.total} are healthy, and ${needed} must stay so (${policy.minHealthy} %)`;
  return { kind: 'healthy', reason, until: null };
}

async function readFacts(tx: Transaction, candidates: readonly Candidate[]): Promise<Map<string, CandidateFacts>> {
  const ids = [...new Set(candidates.map(({ machineId }) => machineId))];
  const rows = await tx
    .select({
      id: machines.id,
      healthy: sql<boolean>`${machines.stage} = 'in_service' and ${machines.opState} = 'production' and ${machines.repairState} = 'none'`,
    })
    .from(machines)
    .where(inArray(machines.id, ids));
  const healthy = new Map(rows.map((row) => [row.id, row.healthy]));
  const busy = await readBusy(tx, candidates);
  return new Map(
    candidates.map((one) => [
      one.id,
      {
        healthy: healthy.get(one.machineId) ?? false,
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
