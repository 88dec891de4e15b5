/** Orders and their steps as they stand, and what people have to settle. Times are ISO 8601. */

import { type SQL, sql } from 'drizzle-orm';
import type { OrderClass, OrderState, Passage } from '../../domain/machine.ts';
import type { AnswerSchema } from '../../domain/question.ts';
import type { Selector } from '../../domain/selector.ts';
import type { PlanLine } from '../../domain/steps.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { inPools } from '../machines/listing.ts';
import { selectorSql } from '../machines/selecting.ts';
import { iso, type Row, rowsOf } from '../rows.ts';

export interface OrdersWanted {
  readonly id?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly state?: string | undefined;
  readonly machineId?: string | undefined;
  readonly selector?: Selector | undefined;
  /** Only of machines of these; null or absent: of all. */
  readonly pools?: readonly string[] | null | undefined;
  /** Id of the last order of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface ListedOrder {
  readonly id: string;
  readonly machineId: string;
  readonly hostname: string | null;
  readonly passage: Passage;
  readonly class: OrderClass;
  readonly requester: string;
  readonly reason: string;
  readonly dryRun: boolean;
  readonly request: Record<string, unknown>;
  readonly notBefore: string | null;
  readonly deadline: string | null;
  readonly pausedBy: string | null;
  readonly takenOverBy: string | null;
  readonly state: OrderState;
  readonly outcome: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** Orders, newest first. */
export async function listOrders(mdb: MdbOrTransaction, wanted: OrdersWanted): Promise<ListedOrder[]> {
  const rows = await rowsOf<ListedOrder & Row>(
    mdb,
    sql`select o.id, o.machine_id as "machineId", m.hostname, o.passage, o.requester, o.reason, o.state, o.outcome,
        o.class, o.dry_run as "dryRun", o.request, o.not_before as "notBefore", o.deadline,
        o.paused_by as "pausedBy", o.taken_over_by as "takenOverBy",
        o.created_at as "createdAt", o.started_at as "startedAt", o.ended_at as "endedAt"
      from orders o join machines m on m.id = o.machine_id where ${filterOrders(wanted)}
      order by o.created_at desc, o.id limit ${wanted.limit}`,
  );
  return rows.map((row) => ({
    ...row,
    notBefore: iso(row.notBefore),
    deadline: iso(row.deadline),
    createdAt: iso(row.createdAt),
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
  }));
}

export async function countOrders(
  mdb: MdbOrTransaction,
  wanted: Omit<OrdersWanted, 'after' | 'limit'>,
): Promise<number> {
  const rows = await mdb.execute<{ count: number }>(
    sql`select count(*)::integer as count from orders o join machines m on m.id = o.machine_id
      where ${filterOrders({ ...wanted, limit: 0 })}`,
  );
  return rows[0]?.count ?? 0;
}

function filterOrders({ id, ids, state, machineId, selector, pools, after }: OrdersWanted): SQL {
  const parts = [sql`true`];
  if (id !== undefined) parts.push(sql`o.id = ${id}`);
  if (ids !== undefined) parts.push(sql`o.id = any(${sql.param([...ids])}::text[])`);
  if (state !== undefined) parts.push(sql`o.state::text = ${state}`);
  if (machineId !== undefined) parts.push(sql`o.machine_id = ${machineId}`);
  if (selector !== undefined) parts.push(sql`(${selectorSql(selector)})`);
  if (pools) parts.push(inPools(pools));
  if (after !== undefined)
    parts.push(sql`exists (select 1 from orders a where a.id = ${after}
      and (o.created_at < a.created_at or (o.created_at = a.created_at and o.id > a.id)))`);
  return sql.join(parts, sql` and `);
}

/** How many orders there are of these ids. */
export async function countOrdered(mdb: MdbOrTransaction, ids: readonly string[]): Promise<number> {
  const [row] = await mdb.execute<{ total: number }>(
    sql`select count(*)::int as total from orders where id = any(${sql.param([...ids])}::text[])`,
  );
  return row?.total ?? 0;
}

export interface ListedPlan {
  readonly hash: string;
  readonly lines: PlanLine[];
}

/** What an order would do, as its rehearsal found; null where there was none. */
export async function readPlan(mdb: MdbOrTransaction, orderId: string): Promise<ListedPlan | null> {
  const [row] = await rowsOf<ListedPlan & Row>(mdb, sql`select hash, lines from plans where order_id = ${orderId}`);
  return row ?? null;
}

export interface ListedStep {
  readonly name: string;
  readonly source: 'passage' | 'agent';
  readonly state: string;
  readonly owner: string;
  readonly attempt: number;
  readonly startedAt: string;
  readonly limitAt: string;
  readonly endedAt: string | null;
  readonly late: boolean;
  readonly message: string | null;
  readonly device: string | null;
  readonly seconds: number | null;
  readonly percent: number | null;
}

/** Steps of an order: the passage's own, then the agent's, each in their order. */
export async function listSteps(mdb: MdbOrTransaction, orderId: string): Promise<ListedStep[]> {
  const rows = await rowsOf<ListedStep & Row>(
    mdb,
    sql`select name, source, state, owner, attempt, started_at as "startedAt", limit_at as "limitAt",
        ended_at as "endedAt", state in ('running', 'held') and limit_at < now() as late, detail ->> 'message' as message,
        detail ->> 'device' as device, (detail ->> 'seconds')::real as seconds, (detail ->> 'percent')::real as percent
      from steps where order_id = ${orderId} order by source desc, ordinal`,
  );
  return rows.map((row) => ({
    ...row,
    startedAt: iso(row.startedAt),
    limitAt: iso(row.limitAt),
    endedAt: iso(row.endedAt),
  }));
}

export interface HumanStepsWanted {
  readonly id?: string | undefined;
  readonly machineId?: string | undefined;
  readonly orderId?: string | undefined;
  readonly ticketId?: string | undefined;
  readonly owner?: string | undefined;
  readonly open?: boolean | undefined;
  readonly selector?: Selector | undefined;
  readonly pools?: OrdersWanted['pools'];
  /** Id of the last question of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface ListedQuestion {
  readonly id: string;
  readonly machineId: string;
  readonly hostname: string | null;
  readonly orderId: string;
  readonly step: string;
  readonly owner: string;
  readonly question: string;
  readonly choices: string[];
  /** What an answer has to tell besides; null for nothing. */
  readonly schema: AnswerSchema | null;
  readonly roles: string[];
  readonly ticketId: string;
  readonly openedAt: string;
  readonly deadlineAt: string | null;
  readonly escalatedTo: string | null;
  readonly answeredAt: string | null;
  readonly answer: string | null;
  readonly answeredBy: string | null;
}

/** Questions to people, oldest first. */
export async function listHumanSteps(mdb: MdbOrTransaction, wanted: HumanStepsWanted): Promise<ListedQuestion[]> {
  const rows = await rowsOf<ListedQuestion & Row>(
    mdb,
    sql`select h.id, h.machine_id as "machineId", m.hostname, h.order_id as "orderId", h.step, h.owner, h.question,
        h.choices, h.schema, h.roles, h.ticket_id as "ticketId", h.opened_at as "openedAt",
        h.deadline_at as "deadlineAt", h.escalated_to as "escalatedTo", h.answered_at as "answeredAt", h.answer, h.answered_by as "answeredBy"
      from human_steps h join machines m on m.id = h.machine_id where ${filterHumanSteps(wanted)}
      order by h.opened_at, h.id limit ${wanted.limit}`,
  );
  return rows.map((row) => ({
    ...row,
    openedAt: iso(row.openedAt),
    deadlineAt: iso(row.deadlineAt),
    answeredAt: iso(row.answeredAt),
  }));
}

export async function countHumanSteps(
  mdb: MdbOrTransaction,
  wanted: Omit<HumanStepsWanted, 'after' | 'limit'>,
): Promise<number> {
  const rows = await mdb.execute<{ count: number }>(
    sql`select count(*)::integer as count from human_steps h join machines m on m.id = h.machine_id
      where ${filterHumanSteps({ ...wanted, limit: 0 })}`,
  );
  return rows[0]?.count ?? 0;
}

function filterHumanSteps(wanted: HumanStepsWanted): SQL {
  const parts = [sql`true`];
  if (wanted.id !== undefined) parts.push(sql`h.id = ${wanted.id}`);
  if (wanted.machineId !== undefined) parts.push(sql`h.machine_id = ${wanted.machineId}`);
  if (wanted.orderId !== undefined) parts.push(sql`h.order_id = ${wanted.orderId}`);
  if (wanted.ticketId !== undefined) parts.push(sql`h.ticket_id = ${wanted.ticketId}`);
  if (wanted.owner !== undefined) parts.push(sql`h.owner = ${wanted.owner}`);
  if (wanted.open === true) parts.push(sql`h.answered_at is null`);
  if (wanted.selector !== undefined) parts.push(sql`(${selectorSql(wanted.selector)})`);
  if (wanted.pools) parts.push(inPools(wanted.pools));
  if (wanted.after !== undefined)
    parts.push(sql`(h.opened_at, h.id) > (select a.opened_at, a.id from human_steps a where a.id = ${wanted.after})`);
  return sql.join(parts, sql` and `);
}
