import fastify, { type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { ConnectionStore } from '../integrations/http/connection.ts';
import { OutsideError } from '../integrations/http/errors.ts';
import { readHook } from '../integrations/tickets/hook.ts';
import type { Mdb } from '../mdb/connect.ts';
import { adapterOf, lookNow, takeDelivery } from '../mdb/people/mirrors.ts';

export interface HooksOptions {
  readonly mdb: Mdb;
  readonly connections: ConnectionStore;
  readonly log: Logger;
  readonly clock?: () => Date;
}

/** GitHub sends events of up to some hundred KB for an issue with a long text. */
const maxBytes = 1024 * 1024;

/**
 * Where ticket systems tell that something happened: `POST /hooks/tickets/<secret>`. A message that is genuine makes
 * its ticket be looked at; nothing that it says is believed.
 */
export function createHooks({ mdb, connections, log, clock = () => new Date() }: HooksOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBytes,
    requestTimeout: 10_000,
    connectionTimeout: 20_000,
    keepAliveTimeout: 10_000,
    routerOptions: { maxParamLength: 128 },
    forceCloseConnections: true,
  }) as unknown as FastifyInstance;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is nothing here' }));
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 503;
    if (status >= 500) log.warn({ error: String(error) }, 'a message of a ticket system could not be taken');
    return reply.code(status).send({ error: status < 500 ? 'this message cannot be read' : 'try again later' });
  });
  app.post('/hooks/tickets/:lane', async (request, reply) => {
    const { lane } = request.params as { lane: string };
    const adapter = await adapterOf(mdb, lane);
    const key = adapter === null ? null : await keyOf(connections, lane);
    // Whoever guesses names learns nothing: an unknown one is answered like a wrong signature.
    if (adapter === null || key === null) return reply.code(401).send({ error: 'not signed by whom it says' });
    const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const read = readHook(adapter, key, { headers: request.headers, raw }, clock());
    if ('refused' in read) {
      log.warn({ lane, why: read.refused }, 'a message of a ticket system is refused');
      return reply.code(401).send({ error: 'not signed by whom it says' });
    }
    if (!(await takeDelivery(mdb, `${lane}:${read.delivery}`))) return reply.code(409).send({ error: 'taken before' });
    const ours = read.outsideId !== null && (await lookNow(mdb, lane, read.outsideId));
    return reply.code(202).send({ ours });
  });
  return app;
}

/** Null for a system that has no key, so that nothing can be signed by it. */
async function keyOf(connections: ConnectionStore, lane: string): Promise<string | null> {
  try {
    return (await connections.connection(lane)).key ?? null;
  } catch (error) {
    if (error instanceof OutsideError) return null;
    throw error;
  }
}
