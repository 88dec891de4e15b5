import { z } from 'zod';
import { accepted, machineName } from '../../contract/api.ts';
import * as contract from '../../contract/driftschemas.ts';
import { acceptParts } from '../../mdb/drift/drifts.ts';
import { countConformity, listDrifts } from '../../mdb/drift/listing.ts';
import { askForRounds, listRounds } from '../../mdb/drift/rounds.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';
import { mustFind } from './machines.ts';
import { mustBePool } from './names.ts';

const tags = ['drift'];
const named = z.strictObject({ name: machineName });

/** What machines are other than is wanted of them, and the rounds that find it. */
export function serveDrift(app: App, { mdb }: PeopleDependencies): void {
  app.get(
    '/drift',
    {
      schema: {
        tags,
        summary: 'What machines are other than wanted, and what is not known of them',
        querystring: contract.driftQuery,
        response: { 200: contract.driftList },
      },
    },
    async ({ query: { machine, kind = null, pool = null, state = null, limit } }) => {
      const machineId = machine === undefined ? null : await mustFind(mdb, machine);
      if (pool !== null) await mustBePool(mdb, pool);
      const drifts = await listDrifts(mdb, { machineId, kind, pool, state, limit });
      return { summary: await countConformity(mdb), drifts };
    },
  );
  app.post(
    '/machines/:name/drift/accept',
    {
      schema: {
        tags,
        summary: 'Takes what a machine is made of now as right, from the next round on',
        params: named,
        body: contract.driftAcceptance,
        response: { 202: accepted },
      },
    },
    async ({ params, body, operator }, reply) => {
      await acceptParts(mdb, operator, await mustFind(mdb, params.name), body.reason);
      return reply.code(202).send({ accepted: true });
    },
  );
  app.get(
    '/reconcile',
    { schema: { tags, summary: 'Rounds of the reconciler, newest first', response: { 200: contract.roundList } } },
    async () => ({
      rounds: (await listRounds(mdb, 100)).map(({ id, siteId, beganAt, endedAt, summary }) => ({
        ...{ id, site: siteId, beganAt: beganAt.toISOString(), endedAt: endedAt?.toISOString() ?? null },
        summary: summary === null ? null : showSummary(summary),
      })),
    }),
  );
  app.post(
    '/reconcile',
    {
      schema: {
        tags,
        summary: 'Asks for a round of a site, or of all',
        body: contract.reconcileRequest,
        response: { 202: contract.reconcileRequested },
      },
    },
    async ({ body, operator }, reply) => {
      const requests = await askForRounds(mdb, operator, body.site ?? null);
      if (requests === null)
        throw new ApiError('not-found', `there is no site${body.site === undefined ? '' : ` ${body.site}`}`, 'site');
      return reply.code(202).send({ sites: requests.sites, requestedAt: requests.requestedAt.toISOString() });
    },
  );
}

type Summary = NonNullable<Awaited<ReturnType<typeof listRounds>>[number]['summary']>;

function showSummary(summary: Summary) {
  const { planned, started, withdrawn } = summary;
  return { ...summary, planned: [...planned], started: [...started], withdrawn: [...withdrawn] };
}
