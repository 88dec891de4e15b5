import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/tickets.ts';
import { addSwap, listOnCall, setRotation } from '../../mdb/people/oncall.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';
import { mustBe } from './operator.ts';

const tags = ['on call'];

export function serveOnCall(app: App, { mdb }: PeopleDependencies): void {
  app.get(
    '/oncall',
    {
      schema: {
        tags,
        summary: 'Who is on call, now or at a time',
        querystring: contract.onCallQuery,
        response: { 200: contract.onCallList },
      },
    },
    async ({ query: { team, at } }) => {
      const rows = await listOnCall(mdb, at === undefined ? new Date() : new Date(at), team);
      if (rows.length === 0 && team !== undefined) throw new ApiError('not-found', `${team} has no rotation`, 'team');
      return { oncall: rows.map((row) => ({ ...row, people: [...row.people], until: row.until.toISOString() })) };
    },
  );
  app.put(
    '/oncall/:team',
    {
      schema: {
        tags,
        summary: "Writes a team's rotation",
        params: contract.onCallTeam,
        body: contract.rotationRequest,
        response: { 200: accepted },
      },
    },
    async ({ params, body, operator }) => {
      mustBe(operator, 'operator');
      await setRotation(mdb, operator, params.team, body);
      return { accepted: true as const };
    },
  );
  app.post(
    '/oncall/:team/swaps',
    {
      schema: {
        tags,
        summary: 'Puts somebody in for a while',
        params: contract.onCallTeam,
        body: contract.swapRequest,
        response: { 201: accepted },
      },
    },
    async ({ params, body, operator }, reply) => {
      mustBe(operator, 'operator');
      const swap = { person: body.person, from: new Date(body.from), until: new Date(body.until) };
      if (!(await addSwap(mdb, operator, params.team, swap)))
        throw new ApiError('not-found', `${params.team} has no rotation`, 'team');
      return reply.code(201).send({ accepted: true });
    },
  );
}
