import { z } from 'zod';
import * as contract from '../../contract/guards.ts';
import { isEngaged } from '../../domain/circuitbreaker.ts';
import { listCapacity, setCapacity } from '../../mdb/service/capacity.ts';
import {
  type BreakerStatus,
  engageBreaker,
  readBreaker,
  releaseBreaker,
  setBreaker,
} from '../../mdb/service/circuitbreaker.ts';
import { listPools, type PoolListing, setPool } from '../../mdb/service/pools.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';
import { mustBeGroup, mustBePool, mustBeSecret, mustKnowTags } from './names.ts';

const tags = ['guards'];

export function serveGuards(app: App, { mdb }: PeopleDependencies): void {
  app.get(
    '/capacity',
    {
      schema: {
        tags,
        summary: 'What each group has in service, and what it must keep',
        querystring: contract.capacityQuery,
        response: { 200: contract.capacityList },
      },
    },
    async ({ query: { scope } }) => {
      if (scope !== undefined) await mustBeGroup(mdb, scope, '*', 'scope');
      const groups = await listCapacity(mdb);
      return { groups: groups.filter((group) => scope === undefined || group.scope === scope) };
    },
  );
  app.put(
    '/capacity',
    {
      schema: {
        tags,
        summary: 'Sets how much of a group must stay in service',
        body: contract.capacityRequest,
        response: { 200: contract.capacityList },
      },
    },
    async ({ body: { scope, name, min, unit, reason }, operator }) => {
      const known = (await listCapacity(mdb)).some((group) => group.scope === scope && group.rule?.name === name);
      // What has a rule may lose it, whatever became of its group.
      if (min !== null || !known) await mustBeGroup(mdb, scope, name, 'name');
      await setCapacity(mdb, operator, { scope, name }, min === null ? null : { min, unit }, reason);
      return { groups: (await listCapacity(mdb)).filter((group) => group.scope === scope) };
    },
  );
  app.get(
    '/brake',
    { schema: { tags, summary: 'Whether the storm brake is engaged', response: { 200: contract.brakeView } } },
    async () => showBreaker(await readBreaker(mdb)),
  );
  app.post(
    '/brake/engage',
    {
      schema: {
        tags,
        summary: 'Holds every departure from production',
        body: contract.brakeEngage,
        response: { 200: contract.brakeView },
      },
    },
    async ({ body, operator }) => showBreaker(await engageBreaker(mdb, operator, body.reason, body.minutes ?? null)),
  );
  app.post(
    '/brake/release',
    {
      schema: {
        tags,
        summary: 'Lets departures go on, and switches the brake off for a while where told',
        body: contract.brakeRelease,
        response: { 200: contract.brakeView },
      },
    },
    async ({ body, operator }) =>
      showBreaker(await releaseBreaker(mdb, operator, body.reason, body.overrideMinutes ?? null)),
  );
  app.put(
    '/brake',
    {
      schema: {
        tags,
        summary: 'Sets what counts as a storm',
        body: contract.brakeLimits,
        response: { 200: contract.brakeView },
      },
    },
    async ({ body: { reason, ...limits }, operator }) => {
      if (Object.keys(limits).length === 0) throw new ApiError('invalid', 'there is nothing to set');
      return showBreaker(await setBreaker(mdb, operator, limits, reason));
    },
  );
}

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

export function servePools(app: App, dependencies: PeopleDependencies): void {
  const { mdb } = dependencies;
  app.get(
    '/pools',
    { schema: { tags: ['pools'], summary: 'How each pool is treated', response: { 200: contract.poolList } } },
    async () => ({ pools: (await listPools(mdb)).map(showPool) }),
  );
  app.put(
    '/pools/:id',
    {
      schema: {
        tags: ['pools'],
        summary: 'Sets what is named and leaves the rest',
        params: named,
        body: contract.poolRequest,
        response: { 200: contract.poolView },
      },
    },
    async ({ params: { id }, body: { reason, new: isNew = false, ...change }, operator }) => {
      if (Object.keys(change).length === 0) throw new ApiError('invalid', 'there is nothing to set');
      if (!isNew) await mustBePool(mdb, id, '; say --new ("new": true) where it is to be one');
      if (change.drainSecretRef) await mustBeSecret(dependencies, change.drainSecretRef, 'drainSecretRef');
      await mustKnowTags(mdb, change.reconcileLimits?.semaphores, 'reconcileLimits.semaphores');
      await setPool(mdb, operator, id, change, reason);
      const pool = (await listPools(mdb)).find((one) => one.id === id);
      if (!pool) throw new ApiError('not-found', `pool ${id} is gone`);
      return showPool(pool);
    },
  );
}

function showPool({ reconcileLimits: { pace, ...limits }, ...pool }: PoolListing): contract.PoolView {
  const windows = pace?.windows.map((window) => ({ ...window, days: [...window.days] })) ?? [];
  return { ...pool, reconcileLimits: { ...limits, ...(pace && { pace: { ...pace, windows } }) } };
}
