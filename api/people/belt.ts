import { beltView } from '../../contract/beltschemas.ts';
import { countBelt, listStuck } from '../../mdb/machines/belt.ts';
import { type ApiRoute, route } from './route.ts';

/** Stuck steps that anybody reads. */
const maxStuck = 100;

export const beltRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/belt',
    tag: 'machines',
    summary: 'How many machines of each rack are in each stage, and which are past their limit',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    answers: { 200: beltView },
    handle: async ({ pools, mdb }) => {
      const [cells, stuck] = await Promise.all([countBelt(mdb, pools), listStuck(mdb, pools, maxStuck)]);
      return { cells, stuck };
    },
  }),
];
