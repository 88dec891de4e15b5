import { z } from 'zod';
import { accepted, machineName } from '../../contract/api.ts';
import { releaseRequest, vouchRequest } from '../../contract/release.ts';
import { releaseController } from '../../mdb/controllers/release.ts';
import { vouchForController } from '../../mdb/identity/vouching.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';
import { mustFind } from './machines.ts';
import { mustBe } from './operator.ts';

const refusals = {
  none: 'no controller of this machine is known',
  free: 'its controller is not shut out',
  certificate: 'its controller shows another certificate: say that it is a new one, if somebody knows that it is',
} as const;

/** Ends the quarantine of a controller. */
export function serveRelease(app: App, { mdb }: PeopleDependencies): void {
  app.post(
    '/machines/:name/controller/release',
    {
      schema: {
        tags: ['machines'],
        summary: 'Lets its controller be talked to again, after what shut it out was looked at',
        params: z.strictObject({ name: machineName }),
        body: releaseRequest,
        response: { 200: accepted },
      },
    },
    async ({ params, body, operator }) => {
      mustBe(operator, 'operator');
      const outcome = await releaseController(mdb, operator, await mustFind(mdb, params.name), body);
      if (outcome !== 'released')
        throw new ApiError(outcome === 'none' ? 'not-found' : 'conflict', refusals[outcome], 'machine');
      return { accepted: true as const };
    },
  );
}

/** Keeps a person's word on whose a controller is. */
export function serveVouching(app: App, { mdb }: PeopleDependencies): void {
  app.post(
    '/machines/:name/controller/vouch',
    {
      schema: {
        tags: ['machines'],
        summary: "Says that the controller is this machine's, where it shows too little to tell",
        params: z.strictObject({ name: machineName }),
        body: vouchRequest,
        response: { 200: accepted },
      },
    },
    async ({ params, body, operator }) => {
      mustBe(operator, 'operator');
      const kept = await vouchForController(mdb, operator, await mustFind(mdb, params.name), body.reason);
      if (!kept) throw new ApiError('not-found', refusals.none, 'machine');
      return { accepted: true as const };
    },
  );
}
