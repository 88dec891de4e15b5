import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { renderDominatorList } from '../../mdb/permits/dominator.ts';
import { type ApiRoute, route } from './route.ts';

const compress = promisify(gzip);

/** The machine list that the Dominator's `mdbd` polls (driver `json`). */
export const dominatorRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/dominator/mdb.json',
    tag: 'dominator',
    summary: 'Healthy machines, as `mdbd` reads them',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    outside: true,
    answers: { 200: z.unknown(), 304: z.unknown() },
    produces: 'application/json as text',
    handle: async ({ request, mdb, reply }) => {
      const list = await renderDominatorList(mdb);
      const etag = `"${createHash('sha256').update(list).digest('base64url')}"`;
      reply
        .header('etag', etag)
        .header('cache-control', 'no-cache')
        .header('vary', 'accept-encoding')
        .type('application/json');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      if (!/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(list);
      // Level 1: the list is repetitive, and time matters more than the last tenth of its size.
      return reply.header('content-encoding', 'gzip').send(await compress(list, { level: 1 }));
    },
  }),
];
