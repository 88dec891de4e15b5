/** What a second person decides: what was asked is done as it was seen, or not at all. */
import { sql } from 'drizzle-orm';
import { refuseSecond } from '../../../domain/approvals.ts';
import { highestRole } from '../../../domain/grants.ts';
import type { Transaction } from '../../../mdb/acting.ts';
import type { Mdb } from '../../../mdb/connect.ts';
import {
  type ApprovalRow,
  decideApproval,
  type FoundApproval,
  grantsNow,
  listApprovals,
  lockWaiting,
  readApprovalPolicy,
} from '../../../mdb/people/approvals.ts';
import { ApiError } from '../errors.ts';
import { lockIntent } from '../intent.ts';
import type { Operator } from '../operator.ts';
import { mustHaveRight } from '../rights.ts';
import type { ApiRoute, Asked } from '../route.ts';
import { nameOfRoute } from './asking.ts';
import { hashOfAsked, hashTogether } from './eyes.ts';

/** It can't be done as it was asked any more. */
class Lapsed extends Error {
  readonly id: string;
  constructor({ id }: ApprovalRow, why: string) {
    super(why);
    this.id = id;
  }
}

type Deciding = Pick<Asked, 'mdb' | 'operator' | 'routes'>;

/** Why somebody may not be the second person of it, as for whose hands it is; null where they may. */
export async function refuseDecision(
  { mdb, operator, routes }: Deciding,
  { row }: Pick<FoundApproval, 'row'>,
): Promise<string | null> {
  const second = { ...operator, signedIn: operator.by !== 'loopback' };
  const same = refuseSecond({ name: row.askedBy, person: row.person, maker: row.maker }, second);
  if (same !== null) return same;
  try {
    await mustHaveRight(mdb, routeOf(routes, row), operator, requestOf(row));
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

function routeOf(routes: readonly ApiRoute[], row: ApprovalRow): ApiRoute {
  const found = routes.find((one) => nameOfRoute(one) === row.route);
  if (!found) throw new ApiError('conflict', `${row.route} is not served any more: refuse it`);
  return found;
}

const requestOf = ({ params, body }: ApprovalRow) => ({ params, body, query: {} });

/** Of those that wait for one machine, the one that is looked at and those that the same person may approve with it. */
export async function togetherFor(
  deciding: Deciding,
  id: string,
  found: readonly FoundApproval[],
): Promise<FoundApproval[]> {
  const kept: FoundApproval[] = [];
  for (const one of found) if (one.row.id === id || (await refuseDecision(deciding, one)) === null) kept.push(one);
  return kept;
}

export async function mustBeKnown(mdb: Mdb, id: string): Promise<FoundApproval> {
  const [found] = await listApprovals(mdb, { id, limit: 1 });
  if (!found) throw new ApiError('not-found', `there is no approval ${id}`);
  return found;
}

function waitsNoMore({ row, state }: FoundApproval): ApiError {
  const who = row.decidedBy === null ? '' : `, by ${row.decidedBy}`;
  return new ApiError('conflict', `approval ${row.id} waits no more: it is ${state}${who}`);
}

/** Does what was asked, and what else waits for the same machine, in one transaction; as it was seen, or not at all. */
export async function giveApproval(asked: Asked, id: string, plan: string, note: string | null): Promise<string[]> {
  const known = await mustBeKnown(asked.mdb, id);
  const refused = await refuseDecision(asked, known);
  if (refused !== null) throw new ApiError('forbidden', refused);
  try {
    return await asked.mdb.transaction(async (tx) => {
      const own = { ...asked, mdb: tx as unknown as Mdb };
      const found = await togetherFor(own, id, await lockWaiting(tx, id));
      if (found.length === 0) throw waitsNoMore(await mustBeKnown(own.mdb, id));
      mustBePlanned(found);
      if (hashTogether(found) !== plan)
        throw new ApiError('conflict', 'this is not the plan of what waits now: look at it again', 'plan');
      for (const one of found) await carryOut(own, tx, one, note);
      return found.map(({ row }) => row.id);
    });
  } catch (error) {
    if (!(error instanceof Lapsed)) throw error;
    await lapse(asked.mdb, asked.operator, error.id, error.message);
    throw new ApiError('conflict', `nothing was done, and approval ${error.id} has lapsed: ${error.message}`);
  }
}

/** Ends where a dry run has not made its plan: those that never will have lapsed. */
function mustBePlanned(found: readonly FoundApproval[]): void {
  for (const { row, planned, rehearsed } of found) {
    if (row.rehearsal === null || planned !== null) continue;
    const ended = rehearsed !== null && rehearsed.state !== 'waiting' && rehearsed.state !== 'running';
    if (ended) throw new Lapsed(row, `its dry run ${row.rehearsal} made no plan: ${rehearsed.outcome}`);
    throw new ApiError('conflict', `the dry run ${row.rehearsal} has not made its plan yet`, 'plan');
  }
}

async function carryOut(asked: Asked, tx: Transaction, found: FoundApproval, note: string | null): Promise<void> {
  const { row } = found;
  const { operator, reply } = asked;
  const definition = routeOf(asked.routes, row);
  const asker = await askerOf(tx, row, operator.name);
  const again: Asked = { ...asked, ...requestOf(row), operator: asker };
  if (definition.intent) await lockIntent(tx, definition, row.params);
  try {
    const own = { ...again, operator: await mustHaveRight(again.mdb, definition, asker, requestOf(row)) };
    const eyes = (await definition.eyes?.(own)) ?? null;
    if (eyes === null) throw new Lapsed(row, 'what it was asked for is not so any more');
    // In this order, and before the audit's own lock, which each of them takes.
    await tx.execute(sql`
      select id from machines where id = any(${sql.param([...eyes.machineIds])}::text[]) order by id for update`);
    if (hashOfAsked(row.route, row.params, row.body, eyes.plan) !== row.hash)
      throw new Lapsed(row, 'what it would do is not what it would have done when it was asked');
    const body = { ...row.body, ...(eyes.orders && (await boundTo(tx, found))) };
    const outcome = await definition.handle({ ...own, body });
    await decideApproval(tx, row, { state: 'approved', by: operator, why: note, outcome });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new Lapsed(row, error.message);
  }
  reply.code(200);
}

/** Who asked, as they are now. */
async function askerOf(tx: Transaction, row: ApprovalRow, approvedBy: string): Promise<Operator> {
  const grants = await grantsNow(tx, row);
  if (grants === null) throw new Lapsed(row, `${row.askedBy}, who asked for it, may not ask any more`);
  const { askedBy: name, person, maker } = row;
  const rest = { class: 'user', by: 'token', expiresAt: null, session: null } as const;
  return { ...rest, name, person, maker, grants, role: highestRole(grants), approvedBy };
}

const hourMs = 3_600_000;

/** An order that was approved is good for the plan that was seen, and for as long as the policy says. */
async function boundTo(tx: Transaction, { row, planned }: FoundApproval): Promise<object> {
  const { hours } = await readApprovalPolicy(tx);
  const { notBefore, deadline } = row.body as { readonly notBefore?: string; readonly deadline?: string };
  const from = Math.max(Date.now(), notBefore === undefined ? 0 : Date.parse(notBefore));
  return {
    deadline: deadline ?? new Date(from + hours * hourMs).toISOString(),
    ...(planned && { plan: planned.hash }),
  };
}

/** Refused by a second person, or taken back by who asked. */
export async function decline(asked: Asked, id: string, state: 'refused' | 'withdrawn', why: string): Promise<void> {
  const { operator, mdb } = asked;
  const known = await mustBeKnown(mdb, id);
  const isOwn = known.row.askedBy === operator.name || known.row.person === operator.person;
  if (state === 'withdrawn' && !isOwn) throw new ApiError('conflict', `${known.row.askedBy} asked for it: refuse it`);
  const refused = state === 'withdrawn' ? null : await refuseDecision(asked, known);
  if (refused !== null) throw new ApiError('forbidden', refused);
  await mdb.transaction(async (tx) => {
    const one = (await lockWaiting(tx, id)).find(({ row }) => row.id === id);
    if (!one) throw waitsNoMore(await mustBeKnown(tx as unknown as Mdb, id));
    await decideApproval(tx, one.row, { state, by: operator, why });
  });
}

async function lapse(mdb: Mdb, operator: Operator, id: string, why: string): Promise<void> {
  await mdb.transaction(async (tx) => {
    const one = (await lockWaiting(tx, id)).find(({ row }) => row.id === id);
    if (one) await decideApproval(tx, one.row, { state: 'lapsed', by: operator, why });
  });
}
