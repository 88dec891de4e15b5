import { z } from 'zod';
import { accepted, machineName } from '../../contract/api.ts';
import * as contract from '../../contract/driftschemas.ts';
import { acceptParts } from '../../mdb/drift/drifts.ts';
import { countConformity, countDrifts, listDrifts } from '../../mdb/drift/listing.ts';
import { askForRounds, countRounds, listRounds } from '../../mdb/drift/rounds.ts';
import { readPage } from './cursors.ts';
import { ApiError } from './errors.ts';
import { mustBePool, mustFind } from './names.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

const named = z.strictObject({ name: machineName });

/** What machines are other than is wanted of them, and the rounds that find it. */
export const driftRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/drift',
    tag: 'drift',
    summary: 'Differences between machines and their profiles, and what is unknown',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    query: contract.driftQuery,
    answers: { 200: contract.driftList },
    handle: async ({
      query: { machine, kind = null, pool = null, rack = null, state = null, limit, after },
      pools,
      mdb,
      cursors,
    }) => {
      const machineId = machine === undefined ? null : await mustFind(mdb, machine);
      // Of a pool that is not seen there is nothing, whether or not it is there.
      if (pool !== null && pools === null) await mustBePool(mdb, pool);
      const wanted = { machineId, kind, pool, rack, state, pools };
      const { rows, ...page } = await readPage(
        cursors,
        'drift',
        { after, limit },
        (of) => listDrifts(mdb, wanted, of),
        () => countDrifts(mdb, wanted),
      );
      const drifts = rows.map(({ id: _, ...drift }) => drift);
      return { summary: await countConformity(mdb, pools), drifts, ...page };
    },
  }),
  route({
    method: 'POST',
    path: '/machines/:name/drift/accept',
    tag: 'drift',
    summary: 'Accepts the present parts of a machine as right, from the next round on',
    right: { role: 'operator', of: 'machine' },
    effect: 'write',
    reason: 'required',
    params: named,
    body: contract.driftAcceptance,
    answers: { 202: accepted },
    handle: async ({ params, body, operator, mdb }) => {
      await acceptParts(mdb, operator, await mustFind(mdb, params.name), body.reason);
      return acceptance;
    },
  }),
  route({
    method: 'GET',
    path: '/reconcile',
    tag: 'drift',
    summary: 'Rounds of the reconciler, newest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    query: contract.roundQuery,
    answers: { 200: contract.roundList },
    handle: async ({ query, mdb, cursors }) => {
      const { rows, ...page } = await readPage(
        cursors,
        'rounds',
        query,
        (of) => listRounds(mdb, of),
        () => countRounds(mdb),
      );
      const rounds = rows.map(({ id, siteId, beganAt, endedAt, summary }) => ({
        ...{ id, site: siteId, beganAt: beganAt.toISOString(), endedAt: endedAt?.toISOString() ?? null },
        summary: summary === null ? null : showSummary(summary),
      }));
      return { rounds, ...page };
    },
  }),
  route({
    method: 'POST',
    path: '/reconcile',
    tag: 'drift',
    summary: 'Requests a round of the reconciler at one site, or at all',
    right: { role: 'operator', of: 'site' },
    effect: 'write',
    body: contract.reconcileRequest,
    answers: { 202: contract.reconcileRequested },
    handle: async ({ body, operator, mdb }) => {
      const requests = await askForRounds(mdb, operator, body.site ?? null);
      if (requests === null)
        throw new ApiError('not-found', `there is no site${body.site === undefined ? '' : ` ${body.site}`}`, 'site');
      return { sites: requests.sites, requestedAt: requests.requestedAt.toISOString() };
    },
  }),
];

type Summary = NonNullable<Awaited<ReturnType<typeof listRounds>>[number]['summary']>;

function showSummary(summary: Summary) {
  const { planned, started, withdrawn } = summary;
  return { ...summary, planned: [...planned], started: [...started], withdrawn: [...withdrawn] };
}
