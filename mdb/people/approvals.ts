/** What waits for a second person: the policy that says what does, what was asked, and what became of it. */
import { randomBytes } from 'node:crypto';
import { and, asc, count, desc, eq, gt, inArray, sql } from 'drizzle-orm';
import {
  type ApprovalPolicy,
  type ApprovalState,
  approvalActs,
  standardApprovalPolicy,
} from '../../domain/approvals.ts';
import type { Grant } from '../../domain/grants.ts';
import type { OrderSpec } from '../../domain/orders.ts';
import { isRefused, type Refused } from '../../domain/refused.ts';
import type { PlanLine } from '../../domain/steps.ts';
import { type Actor, acting, explain, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { placeOrderIn } from '../orders/orders.ts';
import { approvalPolicies, approvals, machines, orders, people, plans, tokens } from '../schema.ts';

export async function readApprovalPolicy(mdb: MdbOrTransaction): Promise<ApprovalPolicy> {
  const [row] = await mdb.select({ acts: approvalPolicies.acts, hours: approvalPolicies.hours }).from(approvalPolicies);
  return row ?? standardApprovalPolicy;
}

export function setApprovalPolicy(
  mdb: Mdb,
  operator: Actor,
  { acts, hours }: ApprovalPolicy,
  reason: string,
): Promise<void> {
  return acting(mdb, operator, null, async (tx) => {
    await explain(tx, { reason });
    const set = { acts: approvalActs.filter((act) => acts.includes(act)), hours, setBy: operator.name };
    await tx
      .insert(approvalPolicies)
      .values(set)
      .onConflictDoUpdate({ target: approvalPolicies.id, set: { ...set, setAt: sql`now()` } });
    await record(tx, { actor: operator, action: 'approval.policy', detail: { acts: set.acts, hours, reason } });
  });
}

export type ApprovalRow = typeof approvals.$inferSelect;

/** What is asked, as it is kept until a second person has seen it. */
export interface Asking {
  readonly asker: Actor & { readonly person: string; readonly maker: string | null; readonly grants: readonly Grant[] };
  readonly asked: Pick<
    ApprovalRow,
    'route' | 'params' | 'body' | 'acts' | 'what' | 'reason' | 'machineId' | 'pools' | 'plan' | 'hash'
  >;
  readonly hours: number;
  readonly rehearse: Omit<OrderSpec, 'id'> | null;
}

/**
 * Keeps what is asked, and gives its id. The same asked again by the same person, while it waits, is the same. Orders the
 * dry run that makes the rest of its plan, where there is one.
 */
export function keepApproval(mdb: Mdb, { asker, asked, hours, rehearse }: Asking): Promise<string | Refused> {
  const { person, maker, grants, name } = asker;
  const { route, acts, what, reason, machineId, hash } = asked;
  return acting(mdb, asker, null, async (tx) => {
    const [known] = await tx
      .select({ id: approvals.id })
      .from(approvals)
      .where(and(waits, eq(approvals.hash, hash), eq(approvals.person, person)));
    if (known) return known.id;
    const id = `ap-${randomBytes(5).toString('hex')}`;
    const rehearsed = rehearse && (await placeOrderIn(tx, asker, { ...rehearse, ...onlyForeseen, id: `${id}-dry` }));
    if (isRefused(rehearsed)) return rehearsed;
    const expiresAt = sql`now() + ${hours} * interval '1 hour'`;
    const rehearsal = rehearsed?.id ?? null;
    await tx.insert(approvals).values({ ...asked, id, rehearsal, askedBy: name, person, maker, grants, expiresAt });
    const detail = { approval: id, request: route, acts, what, hash, reason };
    await record(tx, { actor: asker, action: 'approval.ask', machineId, detail });
    return id;
  });
}

/** It is foreseen at once, whenever it is to be done. */
const onlyForeseen = { dryRun: true, reviewed: null, notBefore: null, deadline: null };

const waits = and(eq(approvals.state, 'waiting'), gt(approvals.expiresAt, sql`now()`));

/** As people see it: what nobody decided in time has lapsed. */
const stateNow = sql<ApprovalState>`case when ${approvals.state} = 'waiting' and ${approvals.expiresAt} <= now()
  then 'lapsed' else ${approvals.state} end`;

const columns = {
  row: approvals,
  state: stateNow,
  hostname: machines.hostname,
  /** The plan of its dry run, as far as it is made. */
  planned: { hash: plans.hash, lines: plans.lines },
  /** How that dry run stands. */
  rehearsed: { state: orders.state, outcome: orders.outcome },
};

export interface ApprovalsWanted {
  readonly id?: string | undefined;
  readonly state?: ApprovalState | undefined;
  readonly machineId?: string | undefined;
  /** Only of machines of these; null or absent: of all. */
  readonly pools?: readonly string[] | null | undefined;
  /** Id of the last one of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export type FoundApproval = Awaited<ReturnType<typeof listApprovals>>[number];

/** Newest first. */
export async function listApprovals(mdb: MdbOrTransaction, wanted: ApprovalsWanted) {
  return mdb
    .select(columns)
    .from(approvals)
    .leftJoin(machines, eq(machines.id, approvals.machineId))
    .leftJoin(orders, eq(orders.id, approvals.rehearsal))
    .leftJoin(plans, eq(plans.orderId, approvals.rehearsal))
    .where(filter(wanted))
    .orderBy(desc(approvals.askedAt), asc(approvals.id))
    .limit(wanted.limit);
}

export async function countApprovals(
  mdb: MdbOrTransaction,
  wanted: Omit<ApprovalsWanted, 'after' | 'limit'>,
): Promise<number> {
  const [row] = await mdb
    .select({ total: count() })
    .from(approvals)
    .where(filter({ ...wanted, limit: 0 }));
  return row?.total ?? 0;
}

function filter({ id, state, machineId, pools, after }: ApprovalsWanted) {
  return and(
    id === undefined ? undefined : eq(approvals.id, id),
    state === undefined ? undefined : sql`${stateNow} = ${state}`,
    machineId === undefined ? undefined : eq(approvals.machineId, machineId),
    pools ? sql`${approvals.pools} <@ ${sql.param([...pools], approvals.pools)}` : undefined,
    after === undefined
      ? undefined
      : sql`exists (select 1 from approvals a where a.id = ${after} and (${approvals.askedAt} < a.asked_at
          or (${approvals.askedAt} = a.asked_at and ${approvals.id} > a.id)))`,
  );
}

/**
 * Takes one that waits, and all others that wait for the same machine: what is approved together is done together. They
 * stay as they are until the transaction ends. Empty where it waits no more.
 */
export async function lockWaiting(tx: Transaction, id: string): Promise<FoundApproval[]> {
  const [one] = await tx
    .select()
    .from(approvals)
    .where(and(eq(approvals.id, id), waits))
    .for('update');
  if (!one) return [];
  const { machineId } = one;
  const rows =
    machineId === null
      ? [one]
      : await tx
          .select()
          .from(approvals)
          .where(and(eq(approvals.machineId, machineId), waits))
          .orderBy(asc(approvals.askedAt), asc(approvals.id))
          .for('update');
  const found = await Promise.all(rows.map(({ id: each }) => listApprovals(tx, { id: each, limit: 1 })));
  return found.flat();
}

/** Those that wait for the same machine, oldest first; of none alone. */
export async function listTogether(mdb: MdbOrTransaction, machineIds: readonly string[]): Promise<FoundApproval[]> {
  if (machineIds.length === 0) return [];
  const rows = await mdb
    .select(columns)
    .from(approvals)
    .leftJoin(machines, eq(machines.id, approvals.machineId))
    .leftJoin(orders, eq(orders.id, approvals.rehearsal))
    .leftJoin(plans, eq(plans.orderId, approvals.rehearsal))
    .where(and(inArray(approvals.machineId, [...machineIds]), waits))
    .orderBy(asc(approvals.askedAt), asc(approvals.id));
  return rows;
}

export interface ApprovalDecision {
  readonly state: Exclude<ApprovalState, 'waiting'>;
  readonly by: Actor;
  readonly why: string | null;
  readonly outcome?: unknown;
}

const verbs = { approved: 'approve', refused: 'refuse', withdrawn: 'withdraw', lapsed: 'lapse' } as const;

/** Decides one, which its row is locked for. */
export async function decideApproval(
  tx: Transaction,
  { id, machineId, hash, what, askedBy }: ApprovalRow,
  { state, by, why, outcome = null }: ApprovalDecision,
): Promise<void> {
  await tx
    .update(approvals)
    .set({ state, decidedBy: by.name, decidedAt: sql`now()`, why, outcome })
    .where(and(eq(approvals.id, id), eq(approvals.state, 'waiting')));
  const detail = { approval: id, what, hash, askedBy, ...(why !== null && { reason: why }) };
  await record(tx, { actor: by, action: `approval.${verbs[state]}`, machineId, detail });
}

/** What whoever comes by this name may now; null where they can't come any more. What is known of them is in their grants. */
export async function grantsNow(tx: Transaction, { askedBy, grants }: ApprovalRow): Promise<readonly Grant[] | null> {
  const [, token] = /^token:(.+)$/.exec(askedBy) ?? [];
  if (token === undefined) {
    const [person] = await tx.select().from(people).where(eq(people.name, askedBy));
    if (!person) return grants;
    return person.disabledAt === null ? person.grants : null;
  }
  const [row] = await tx
    .select({ grants: tokens.grants })
    .from(tokens)
    .where(sql`${tokens.name} = ${token} and ${tokens.revokedAt} is null and ${tokens.expiresAt} > now()`);
  return row?.grants ?? null;
}

/** People besides this one who could be the second for anything of the whole fleet. */
export async function countSeconds(mdb: MdbOrTransaction, person: string): Promise<number> {
  const whole = JSON.stringify([{ role: 'admin', pools: null, teams: null }]);
  const [row] = await mdb.execute<{ count: number }>(sql`
    select count(*)::int as count from (
      select ${tokens.person} from ${tokens} where ${tokens.revokedAt} is null and ${tokens.expiresAt} > now()
        and ${tokens.grants} @> ${whole}::jsonb and ${tokens.person} <> ${person}
      union select ${people.name} from ${people} where ${people.disabledAt} is null
        and ${people.grants} @> ${whole}::jsonb and ${people.name} <> ${person}) as others`);
  return row?.count ?? 0;
}

/** Its lines, the request's own and those of its dry run. */
export function linesOf({ row, planned }: FoundApproval): readonly PlanLine[] {
  return [...row.plan, ...(planned?.lines ?? [])];
}
