import { flowList } from '../../contract/flowschemas.ts';
import { listFlows } from '../../mdb/processes.ts';
import { type ApiRoute, route } from './route.ts';

/** What passages are made of. */
export const flowRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/flows',
    tag: 'orders',
    summary: 'Passages with their steps, as the workers that run them define them',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: flowList },
    handle: async ({ mdb }) => ({
      versions: (await listFlows(mdb)).map(({ passages, ...rest }) => ({
        ...rest,
        passages: passages.map(({ passage, steps }) => ({ passage, steps: [...steps] })),
      })),
    }),
  }),
];
