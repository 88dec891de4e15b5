import * as contract from '../../contract/tagschemas.ts';
import { changeTags, listTags } from '../../mdb/machines/tagging.ts';
import { granted } from './errors.ts';
import { eyesOfSelected } from './eyes/orders.ts';
import { mustFind } from './names.ts';
import { type ApiRoute, route } from './route.ts';
import { mustMatch } from './spec.ts';

/** Free tags: what machines have, and setting them on one machine or a selection. */
export const tagRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/tags',
    tag: 'tags',
    summary: 'Tags with how many machines have each value, or those of one machine',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    query: contract.tagQuery,
    answers: { 200: contract.tagList },
    handle: async ({ query: { machine }, mdb }) => ({
      tags: await listTags(mdb, machine === undefined ? null : await mustFind(mdb, machine)),
    }),
  }),
  route({
    method: 'POST',
    path: '/tags',
    tag: 'tags',
    summary: 'Sets and removes tags of a machine, or of each that a selector matches',
    right: { role: 'operator', of: 'selector' },
    effect: 'write',
    reason: 'required',
    body: contract.tagChange,
    eyes: async ({ body: { selector, count }, mdb }) =>
      selector === undefined ? null : eyesOfSelected(mdb, { selector, count }, 'tags'),
    answers: { 200: contract.tagsChanged },
    handle: async ({ body: { machine, selector = '', count, set, remove, reason }, operator, mdb }) => {
      const machines = machine === undefined ? await mustMatch(mdb, selector, count) : [await mustFind(mdb, machine)];
      const { changed } = granted(await changeTags(mdb, operator, machines, { set, remove }, reason));
      return { machines, changed };
    },
  }),
];
