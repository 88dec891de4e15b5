import { z } from 'zod';
import { accepted, machineName } from '../../contract/api.ts';
import { releaseRequest, vouchRequest } from '../../contract/release.ts';
import { releaseController } from '../../mdb/controllers/release.ts';
import { vouchForController } from '../../mdb/identity/vouching.ts';
import { ApiError } from './errors.ts';
import { eyesOfController, eyesOfVouching } from './eyes/identity.ts';
import { mustFind } from './names.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

const refusals = {
  none: 'no controller of this machine is known',
  free: 'its controller is not shut out',
  certificate: 'its controller shows another certificate: say that it is a new one, if somebody knows that it is',
} as const;

/** Ends the quarantine of a controller. */
export const releaseRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/machines/:name/controller/release',
    tag: 'machines',
    summary: 'Ends the quarantine of its controller, after somebody checked its cause',
    right: { role: 'operator', of: 'machine' },
    effect: 'destructive',
    reason: 'required',
    params: z.strictObject({ name: machineName }),
    body: releaseRequest,
    eyes: eyesOfController,
    answers: { 200: accepted },
    handle: async ({ params, body, operator, mdb }) => {
      const outcome = await releaseController(mdb, operator, await mustFind(mdb, params.name), body);
      if (outcome !== 'released')
        throw new ApiError(outcome === 'none' ? 'not-found' : 'conflict', refusals[outcome], 'machine');
      return acceptance;
    },
  }),
];

/** Keeps a person's word on whose a controller is. */
export const vouchingRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/machines/:name/controller/vouch',
    tag: 'machines',
    summary: 'Confirms that the controller belongs to this machine when its data do not show it',
    right: { role: 'operator', of: 'machine' },
    effect: 'destructive',
    reason: 'required',
    params: z.strictObject({ name: machineName }),
    body: vouchRequest,
    eyes: eyesOfVouching,
    answers: { 200: accepted },
    handle: async ({ params, body, operator, mdb }) => {
      const kept = await vouchForController(mdb, operator, await mustFind(mdb, params.name), body.reason);
      if (!kept) throw new ApiError('not-found', refusals.none, 'machine');
      return acceptance;
    },
  }),
];
