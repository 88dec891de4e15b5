import { apiHeader, apiVersion } from '../../contract/apiheader.ts';
import { changesQuery, changeText } from '../../contract/changeschemas.ts';
import type { ChangeKind } from '../../domain/changes.ts';
import { ApiError } from './errors.ts';
import { readPosition } from './following.ts';
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
    produces: 'text/event-stream',
    query: changesQuery,
    answers: { 200: changeText },
    handle: async ({ query, request, reply, mdb, following, watch }) => {
      const given = request.headers['last-event-id'] ?? query.since;
      const from = given === undefined ? null : readPosition(String(given));
      if (given !== undefined && from === null)
        throw new ApiError('invalid', 'Last-Event-ID: is not an id of these events', 'since');
      const text = query.selector;
      const selector = text === undefined ? null : { text, selector: await mustSelect(mdb, text) };
      const kinds = query.kinds === undefined ? null : new Set(query.kinds.split(',') as ChangeKind[]);
      await following.mustBeReady();
      reply.hijack();
      const stream = openEventStream(reply.raw, { [apiHeader]: apiVersion });
      watch(request, stream);
      await following.follow(stream, { selector, kinds, from }).catch((error: unknown) => {
        request.log.warn({ error: String(error) }, 'somebody who wanted to follow could not');
        stream.end();
      });
      return reply;
    },
  }),
];
