/** Serves the console's files, as scripts/console.ts built them, on the API's own origin. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { consolePages } from '../../contract/pages.ts';
import { ApiError } from './errors.ts';

/** Nothing is fetched from elsewhere, nothing that was written into a page runs, and no page of others frames it. */
const policy = [
  "default-src 'none'",
  ...['script', 'style', 'img', 'font', 'connect', 'manifest'].map((kind) => `${kind}-src 'self'`),
  ...['base-uri', 'form-action', 'frame-ancestors'].map((kind) => `${kind} 'none'`),
].join('; ');

const headers = {
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** `folder` may be written anew while it is served. */
export async function serveConsole(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (_request, reply) => void reply.headers(headers));
    for (const path of Object.values(consolePages)) {
      scope.get(path, async (_request, reply) => {
        const page = await readPage(folder);
        // Its files are named by what is in them, and it alone says which are of today.
        return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(page);
      });
    }
    await scope.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: '/assets/',
      decorateReply: false,
      index: false,
      preCompressed: true,
      immutable: true,
      maxAge: '365d',
    });
  });
}

async function readPage(folder: string): Promise<Buffer> {
  return readFile(join(folder, 'index.html')).catch(() => {
    throw new ApiError('not-found', 'the console is not built here; scripts/setup builds it');
  });
}
