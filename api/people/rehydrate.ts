import type { Finding } from '../../contract/api.ts';
import type { MismatchCounts } from '../../contract/rehydrate.ts';
import * as contract from '../../contract/rehydrateschemas.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { selectMachines } from '../../mdb/machines/selecting.ts';
import { idleOrders } from '../../mdb/orders/comparing.ts';
import {
  askComparison,
  type Comparison,
  comparisonOf,
  listComparisons,
  ownRound,
} from '../../mdb/orders/comparisons.ts';
import { ApiError } from './errors.ts';
import { mustFind, mustSelect } from './names.ts';
import { type ApiRoute, route } from './route.ts';

/** Asking for a comparison of the MDB with the workflows that exist, and what it found. The dispatcher makes it. */
export const rehydrateRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/rehydrate',
    tag: 'rehydrate',
    summary: 'Brings back the workflows that are missing for what the MDB has under way, or says which are',
    right: { role: 'operator', of: 'selector' },
    effect: 'write',
    reason: 'optional',
    body: contract.rehydrateRequest,
    answers: { 202: contract.rehydrateRequested },
    handle: async ({ body: { selector, machine, dryRun, reason }, operator, mdb }) => {
      if (selector !== undefined && machine !== undefined)
        throw new ApiError('invalid', 'give a machine or a selector, not both', 'selector');
      if (selector !== undefined) await mustMean(mdb, selector);
      const of = machine === undefined ? (selector ?? null) : `id=${await mustFind(mdb, machine)}`;
      const id = await askComparison(mdb, operator, { selector: of, dryRun, reason: reason ?? null });
      return { id };
    },
  }),
  route({
    method: 'GET',
    path: '/rehydrate',
    tag: 'rehydrate',
    summary: 'Comparisons, newest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.rehydrateList },
    handle: async ({ mdb }) => {
      const latest = await comparisonOf(mdb, ownRound);
      return { latest: latest && show(latest), rounds: (await listComparisons(mdb, 100)).map(show) };
    },
  }),
  route({
    method: 'GET',
    path: '/rehydrate/:id',
    tag: 'rehydrate',
    summary: 'One comparison: how far it is, and what it found',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    params: contract.rehydrateName,
    answers: { 200: contract.rehydrateView },
    handle: async ({ params: { id }, mdb }) => {
      const row = await comparisonOf(mdb, id);
      if (row === null) throw new ApiError('not-found', `there is no comparison ${id}`, 'id');
      return show(row);
    },
  }),
];

async function mustMean(mdb: Mdb, text: string): Promise<void> {
  const found = await selectMachines(mdb, await mustSelect(mdb, text), 1);
  if (found.length === 0) throw new ApiError('not-found', `no machine matches ${text}`, 'selector');
}

function show(row: Comparison): contract.RehydrateView {
  const { id, requestedBy, reason, selector, dryRun, machines, counts, error } = row;
  const time = (at: Date | null) => at?.toISOString() ?? null;
  return {
    ...{ id, requestedBy, reason, selector, dryRun, machines, counts, error },
    requestedAt: row.requestedAt.toISOString(),
    beganAt: time(row.beganAt),
    endedAt: time(row.endedAt),
    found: [...row.found],
  };
}

/** What doctor and monitoring have to know of it. */
export interface Losses {
  readonly latest: Pick<Comparison, 'endedAt' | 'counts' | 'found' | 'error'> | null;
  /** Orders that wait although nothing is before them. */
  readonly idle: readonly string[];
}

export async function readLosses(mdb: Mdb): Promise<Losses> {
  const [latest, idle] = [await comparisonOf(mdb, ownRound), await idleOrders(mdb, null, maxWaitMinutes)];
  return { latest, idle: idle.map(({ id }) => id) };
}

/** Minutes that an order may wait for nothing before a person is told. */
const maxWaitMinutes = 5;
/** Minutes without a comparison after which the dispatcher is thought to be dead. */
const maxAgeMinutes = 5;

/** Whether everything under way has its workflow, and every order moves. Pure. */
export function examineLosses({ latest, idle }: Losses, now: number): Finding[] {
  return [
    { name: 'workflows', ...judgeRound(latest, now) },
    {
      name: 'orders',
      ok: idle.length === 0,
      message:
        idle.length === 0
          ? 'every order that may begin does'
          : `${idle.length} orders wait although nothing is before them: ${some(idle)}; are the workers alive?`,
    },
  ];
}

function judgeRound(latest: Losses['latest'], now: number): Pick<Finding, 'ok' | 'message'> {
  if (latest === null || latest.endedAt === null)
    return { ok: false, message: 'orders and workflows were never compared: is the dispatcher alive?' };
  const at = latest.endedAt.toISOString();
  if (latest.endedAt.getTime() < now - maxAgeMinutes * 60_000)
    return { ok: false, message: `orders and workflows were last compared at ${at}: is the dispatcher alive?` };
  if (latest.error !== null)
    return { ok: false, message: `orders and workflows could not be compared: ${latest.error}` };
  const counted = countsSentence(latest.counts);
  if (counted === null) return { ok: true, message: `at ${at} everything under way had its workflow` };
  const failed = latest.found.filter((one) => one.failed !== undefined);
  const first = failed[0] ?? latest.found[0];
  const which = first ? `, the first: ${first.kind} ${first.id}: ${first.what}` : '';
  const why = failed[0]?.failed ? `; that failed: ${failed[0].failed}` : '';
  return { ok: false, message: `at ${at} ${counted} were without a workflow or a use${which}${why}` };
}

/** `3 machines, 1 order`; null for nothing. */
export function countsSentence(counts: MismatchCounts): string | null {
  const parts = Object.entries(counts).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
  return parts.length === 0 ? null : parts.join(', ');
}

function some(ids: readonly string[]): string {
  return ids.length <= 5 ? ids.join(', ') : `${ids.slice(0, 5).join(', ')} …`;
}

export function countLosses({ latest }: Losses): number {
  return Object.values(latest?.counts ?? {}).reduce((sum, count) => sum + count, 0);
}
