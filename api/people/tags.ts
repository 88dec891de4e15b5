import * as contract from '../../contract/tagschemas.ts';
import { changeTags, listTags } from '../../mdb/machines/tagging.ts';
import type { App, PeopleDependencies } from './app.ts';
import { granted } from './errors.ts';
import { mustFind } from './machines.ts';
import { mustBe } from './operator.ts';
import { mustMatch } from './spec.ts';

const tags = ['tags'];

/** Free tags: what machines have, and setting them on one machine or a selection. */
export function serveTags(app: App, { mdb }: PeopleDependencies): void {
  app.get(
    '/tags',
    {
      schema: {
        tags,
        summary: 'Tags with how many machines have each value, or those of one machine',
        querystring: contract.tagQuery,
        response: { 200: contract.tagList },
      },
    },
    async ({ query: { machine } }) => ({
      tags: await listTags(mdb, machine === undefined ? null : await mustFind(mdb, machine)),
    }),
  );
  app.post(
    '/tags',
    {
      schema: {
        tags,
        summary: 'Sets and removes tags of a machine, or of each that a selector means',
        body: contract.tagChange,
        response: { 200: contract.tagsChanged },
      },
    },
    async ({ body: { machine, selector = '', count, set, remove, reason }, operator }) => {
      mustBe(operator, 'operator');
      const machines = machine === undefined ? await mustMatch(mdb, selector, count) : [await mustFind(mdb, machine)];
      const { changed } = granted(await changeTags(mdb, operator, machines, { set, remove }, reason));
      return { machines, changed };
    },
  );
}
