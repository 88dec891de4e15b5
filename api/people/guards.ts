import { z } from 'zod';
import * as contract from '../../contract/guards.ts';
import { isEngaged } from '../../domain/circuitbreaker.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { listCapacity, listRules, setCapacity } from '../../mdb/service/capacity.ts';
import {
  type BreakerStatus,
  engageBreaker,
  readBreaker,
  releaseBreaker,
  setBreaker,
} from '../../mdb/service/circuitbreaker.ts';
import { listPools, type PoolListing, setPool } from '../../mdb/service/pools.ts';
import { ApiError } from './errors.ts';
import { eyesOfCapacity, eyesOfLimits, eyesOfRelease } from './eyes/guards.ts';
import { mustBeGroup, mustBePool, mustBeSecret, mustKnowTags } from './names.ts';
import { type ApiRoute, route } from './route.ts';

/** What counts as a storm, without what was counted. */
async function breakerIntent({ mdb }: { readonly mdb: Mdb }) {
  const { perMinute, share, shareFloor, windowMinutes, coolMinutes } = await readBreaker(mdb);
  return { perMinute, share, shareFloor, windowMinutes, coolMinutes };
}

export const guardRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/capacity',
    tag: 'guards',
    summary: 'What each group has in service, and how much it must keep',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    query: contract.capacityQuery,
    answers: { 200: contract.capacityList },
    intent: ({ mdb }) => listRules(mdb),
    handle: async ({ query: { scope }, mdb }) => {
      if (scope !== undefined) await mustBeGroup(mdb, scope, '*', 'scope');
      const groups = await listCapacity(mdb);
      return { groups: groups.filter((group) => scope === undefined || group.scope === scope) };
    },
  }),
  route({
    method: 'PUT',
    path: '/capacity',
    tag: 'guards',
    summary: 'Sets how much of a group must stay in service',
    right: { role: 'admin', of: 'fleet' },
    effect: 'destructive',
    reason: 'required',
    body: contract.capacityRequest,
    eyes: eyesOfCapacity,
    answers: { 200: contract.capacityList },
    intent: ({ mdb }) => listRules(mdb),
    handle: async ({ body: { scope, name, min, unit, reason }, operator, mdb }) => {
      const known = (await listCapacity(mdb)).some((group) => group.scope === scope && group.rule?.name === name);
      // What has a rule may lose it, whatever became of its group.
      if (min !== null || !known) await mustBeGroup(mdb, scope, name, 'name');
      await setCapacity(mdb, operator, { scope, name }, min === null ? null : { min, unit }, reason);
      return { groups: (await listCapacity(mdb)).filter((group) => group.scope === scope) };
    },
  }),
  route({
    method: 'GET',
    path: '/brake',
    tag: 'guards',
    summary: 'Whether the storm brake is engaged',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.brakeView },
    intent: breakerIntent,
    handle: async ({ mdb }) => showBreaker(await readBreaker(mdb)),
  }),
  route({
    method: 'POST',
    path: '/brake/engage',
    tag: 'guards',
    summary: 'Keeps every machine in production',
    right: { role: 'operator', of: 'fleet' },
    effect: 'write',
    reason: 'required',
    body: contract.brakeEngage,
    answers: { 200: contract.brakeView },
    handle: async ({ body, operator, mdb }) =>
      showBreaker(await engageBreaker(mdb, operator, body.reason, body.minutes ?? null)),
  }),
  route({
    method: 'POST',
    path: '/brake/release',
    tag: 'guards',
    summary: 'Lets machines leave production again, and switches the brake off for a while where asked to',
    right: { role: 'operator', of: 'fleet' },
    effect: 'destructive',
    reason: 'required',
    body: contract.brakeRelease,
    eyes: eyesOfRelease,
    answers: { 200: contract.brakeView },
    handle: async ({ body, operator, mdb }) =>
      showBreaker(await releaseBreaker(mdb, operator, body.reason, body.overrideMinutes ?? null)),
  }),
  route({
    method: 'PUT',
    path: '/brake',
    tag: 'guards',
    summary: 'Sets the limits of the storm brake',
    right: { role: 'admin', of: 'fleet' },
    effect: 'write',
    reason: 'required',
    body: contract.brakeLimits,
    eyes: eyesOfLimits,
    answers: { 200: contract.brakeView },
    intent: breakerIntent,
    handle: async ({ body: { reason, ...limits }, operator, mdb }) => {
      if (Object.keys(limits).length === 0) throw new ApiError('invalid', 'there is nothing to set');
      return showBreaker(await setBreaker(mdb, operator, limits, reason));
    },
  }),
];

function showBreaker(breaker: BreakerStatus): contract.BrakeView {
  const { perMinute, share, shareFloor, windowMinutes, coolMinutes, lastMinute, inWindow } = breaker;
  const overridden = breaker.overrideUntil !== null && breaker.overrideUntil.getTime() > Date.now();
  const engaged = isEngaged(breaker, Date.now());
  return {
    engaged,
    since: engaged ? (breaker.engagedAt?.toISOString() ?? null) : null,
    until: engaged ? (breaker.coolUntil?.toISOString() ?? null) : null,
    by: engaged ? breaker.engagedBy : null,
    reason: engaged ? breaker.reason : null,
    overrideUntil: overridden ? (breaker.overrideUntil?.toISOString() ?? null) : null,
    overrideBy: overridden ? breaker.overrideBy : null,
    lastMinute,
    inWindow,
    perMinute,
    share,
    shareFloor,
    windowMinutes,
    coolMinutes,
  };
}

const named = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'is not the name of a pool'),
});

/** What is wanted of it, without what is counted. */
async function poolIntent({ params: { id }, mdb }: { readonly params: { readonly id: string }; readonly mdb: Mdb }) {
  const pool = (await listPools(mdb)).find((one) => one.id === id);
  if (!pool) return null;
  const { machines: _, ...wanted } = showPool(pool);
  return wanted;
}

export const poolRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/pools',
    tag: 'pools',
    summary: 'Policies of pools',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.poolList },
    handle: async ({ mdb }) => ({ pools: (await listPools(mdb)).map(showPool) }),
  }),
  route({
    method: 'GET',
    path: '/pools/:id',
    tag: 'pools',
    summary: 'How one pool is treated',
    right: { role: 'viewer', of: 'pool' },
    effect: 'read',
    params: named,
    answers: { 200: contract.poolView },
    intent: poolIntent,
    handle: async ({ params: { id }, mdb }) => {
      await mustBePool(mdb, id);
      const pool = (await listPools(mdb)).find((one) => one.id === id);
      if (!pool) throw new ApiError('not-found', `pool ${id} is gone`);
      return showPool(pool);
    },
  }),
  route({
    method: 'PUT',
    path: '/pools/:id',
    tag: 'pools',
    summary: 'Changes the named settings and keeps the others',
    right: { role: 'admin', of: 'pool' },
    effect: 'write',
    reason: 'required',
    params: named,
    body: contract.poolRequest,
    answers: { 200: contract.poolView },
    intent: poolIntent,
    handle: async ({
      params: { id },
      body: { reason, new: isNew = false, ...change },
      operator,
      dependencies,
      mdb,
    }) => {
      if (Object.keys(change).length === 0) throw new ApiError('invalid', 'there is nothing to set');
      if (!isNew) await mustBePool(mdb, id, '; say --new ("new": true) where it is to be one');
      if (change.drainSecretRef) await mustBeSecret(dependencies, change.drainSecretRef, 'drainSecretRef');
      await mustKnowTags(mdb, change.reconcileLimits?.semaphores, 'reconcileLimits.semaphores');
      await setPool(mdb, operator, id, change, reason);
      const pool = (await listPools(mdb)).find((one) => one.id === id);
      if (!pool) throw new ApiError('not-found', `pool ${id} is gone`);
      return showPool(pool);
    },
  }),
];

function showPool({ reconcileLimits: { pace, ...limits }, ...pool }: PoolListing): contract.PoolView {
  const windows = pace?.windows.map((window) => ({ ...window, days: [...window.days] })) ?? [];
  return { ...pool, reconcileLimits: { ...limits, ...(pace && { pace: { ...pace, windows } }) } };
}
