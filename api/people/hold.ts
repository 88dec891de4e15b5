import { z } from 'zod';
import { accepted, machineName } from '../../contract/api.ts';
import { unholdRequest } from '../../contract/release.ts';
import { liftHold } from '../../mdb/machines/hold.ts';
import type { App, PeopleDependencies } from './app.ts';
import { granted } from './errors.ts';
import { mustFind } from './machines.ts';
import { mustBe } from './operator.ts';

/** Lifts the hold of a machine. */
export function serveHold(app: App, { mdb }: PeopleDependencies): void {
  app.post(
    '/machines/:name/unhold',
    {
      schema: {
        tags: ['machines'],
        summary: 'Lifts the hold of a machine, after somebody looked at what it is held for',
        params: z.strictObject({ name: machineName }),
        body: unholdRequest,
        response: { 200: accepted },
      },
    },
    async ({ params, body, operator }) => {
      mustBe(operator, 'operator');
      granted(await liftHold(mdb, operator, await mustFind(mdb, params.name), body.reason));
      return { accepted: true as const };
    },
  );
}
