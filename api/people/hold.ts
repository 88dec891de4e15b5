import { z } from 'zod';
import { accepted, machineName } from '../../contract/api.ts';
import { unholdRequest } from '../../contract/release.ts';
import { liftHold } from '../../mdb/machines/hold.ts';
import { granted } from './errors.ts';
import { mustFind } from './names.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

/** Lifts the hold of a machine. */
export const holdRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/machines/:name/unhold',
    tag: 'machines',
    summary: 'Lifts the hold of a machine, after somebody checked its cause',
    right: { role: 'operator', of: 'machine' },
    effect: 'write',
    reason: 'required',
    params: z.strictObject({ name: machineName }),
    body: unholdRequest,
    answers: { 200: accepted },
    handle: async ({ params, body, operator, mdb }) => {
      granted(await liftHold(mdb, operator, await mustFind(mdb, params.name), body.reason));
      return acceptance;
    },
  }),
];
