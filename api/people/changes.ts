import { apiHeader, apiVersion } from '../../contract/apiheader.ts';
import { changesQuery, changeText } from '../../contract/changeschemas.ts';
import type { ChangeKind } from '../../domain/changes.ts';
import type { Selector } from '../../domain/selector.ts';
import { ApiError } from './errors.ts';
import { readPosition, type Wanted } from './following.ts';
import { mustSelect } from './names.ts';
import { type ApiRoute, route } from './route.ts';
import { openEventStream } from './stream.ts';

/** Server-sent events of all that changes. */
export const changeRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/changes',
    tag: 'changes',
    summary: 'What changes, as server-sent events; `Last-Event-ID` goes on where its reader was',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    produces: 'text/event-stream',
    query: changesQuery,
    answers: { 200: changeText },
    handle: async ({ query, request, reply, pools, mdb, following, watch }) => {
      const given = request.headers['last-event-id'] ?? query.since;
      const from = given === undefined ? null : readPosition(String(given));
      if (given !== undefined && from === null)
        throw new ApiError('invalid', 'Last-Event-ID: is not an id of these events', 'since');
      const text = query.selector;
      const meant = text === undefined ? null : await mustSelect(mdb, text);
      const selector = seenOf(text ?? 'all', meant, pools);
      const kinds = query.kinds === undefined ? null : new Set(query.kinds.split(',') as ChangeKind[]);
      await following.mustBeReady();
      reply.hijack();
      const stream = openEventStream(reply.raw, { [apiHeader]: apiVersion });
      watch(request, stream);
      await following.follow(stream, { selector, pools, kinds, from }).catch((error: unknown) => {
        request.log.warn({ error: String(error) }, 'somebody who wanted to follow could not');
        stream.end();
      });
      return reply;
    },
  }),
];

/** Of what is selected, what whoever asks sees; null: everything. */
function seenOf(text: string, meant: Selector | null, pools: readonly string[] | null): Wanted['selector'] {
  if (pools === null) return meant && { text, selector: meant };
  const own = { key: 'pool', tag: false, operator: 'in', values: pools } as const;
  return { text: `${text}, of ${[...pools].sort().join(' ')}`, selector: { terms: [...(meant?.terms ?? []), own] } };
}
