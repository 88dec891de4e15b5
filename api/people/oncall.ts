import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/tickets.ts';
import { addSwap, listOnCall, listRotations, setRotation } from '../../mdb/people/oncall.ts';
import { ApiError } from './errors.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

export const onCallRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/oncall',
    tag: 'on call',
    summary: 'Who is on call, now or at a time',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    query: contract.onCallQuery,
    answers: { 200: contract.onCallList },
    intentOf: 'rotations',
    intent: ({ mdb }) => listRotations(mdb),
    handle: async ({ query: { team, at }, mdb }) => {
      const rows = await listOnCall(mdb, at === undefined ? new Date() : new Date(at), team);
      if (rows.length === 0 && team !== undefined) throw new ApiError('not-found', `${team} has no rotation`, 'team');
      return { oncall: rows.map((row) => ({ ...row, people: [...row.people], until: row.until.toISOString() })) };
    },
  }),
  route({
    method: 'PUT',
    path: '/oncall/:team',
    tag: 'on call',
    summary: "Sets a team's rotation",
    right: { role: 'operator', of: 'team' },
    effect: 'write',
    params: contract.onCallTeam,
    body: contract.rotationRequest,
    answers: { 200: accepted },
    intentOf: 'rotations',
    intent: ({ mdb }) => listRotations(mdb),
    handle: async ({ params, body, operator, mdb }) => {
      await setRotation(mdb, operator, params.team, body);
      return acceptance;
    },
  }),
  route({
    method: 'POST',
    path: '/oncall/:team/swaps',
    tag: 'on call',
    summary: 'Lets another person stand in for a while',
    right: { role: 'operator', of: 'team' },
    effect: 'write',
    params: contract.onCallTeam,
    body: contract.swapRequest,
    answers: { 201: accepted },
    intentOf: 'rotations',
    intent: ({ mdb }) => listRotations(mdb),
    handle: async ({ params, body, operator, mdb }) => {
      const swap = { person: body.person, from: new Date(body.from), until: new Date(body.until) };
      if (!(await addSwap(mdb, operator, params.team, swap)))
        throw new ApiError('not-found', `${params.team} has no rotation`, 'team');
      return acceptance;
    },
  }),
];
