import fastify, { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Mdb } from '../../mdb/connect.ts';
import { hashOfToken, keepEvents, machinesByToken } from '../../mdb/controllers/events.ts';
import { isOutage } from '../../mdb/trouble.ts';
import { gather } from '../agent/gather.ts';
import { limitRate } from '../limits.ts';
import { parseJson } from '../people/json.ts';
import { readEvents } from './payload.ts';

export interface EventsOptions {
  readonly mdb: Mdb;
  readonly authority: { readonly agentCertPem: string; readonly agentKeyPem: string };
  readonly log: Logger;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The machine whose controller shows the token of the path. */
    told: string;
  }
}

/** The largest payload of recorded controllers is some 10 KB. */
const maxBytes = 256 * 1024;
// A controller that logs a hundred events when a fan fails is heard; one that repeats itself for ever is not.
const perController = { burst: 200, perSecond: 5 };
// Guesses from one address. Controllers behind one address show good tokens, which cost nothing here.
const perUnknownSource = { burst: 50, perSecond: 1 };

/**
 * Where controllers send their events: `POST /events/<token>`, over HTTPS, since several send to nothing else. Whoever
 * shows no token of ours gets 404 before anything of the body is read.
 */
export function createEventsApi({ mdb, authority, log }: EventsOptions) {
  const app = createServer({ authority, log });
  const machineOf = gather((hashes) => machinesByToken(mdb, hashes));
  const controllers = limitRate(perController);
  const unknownSources = limitRate(perUnknownSource);

  const admit = async (request: FastifyRequest, reply: FastifyReply) => {
    const token = /^\/events\/([A-Za-z0-9_-]{43})$/.exec(request.url)?.[1];
    if (!unknownSources.allows(request.ip)) return refuse(reply, 429);
    const hash = token === undefined ? '' : hashOfToken(token);
    const machineId = token === undefined ? undefined : await machineOf(hash);
    if (machineId === undefined) return refuse(reply, unknownSources.take(request.ip) ? 404 : 429);
    if (!controllers.take(hash)) return refuse(reply, 429);
    request.told = machineId;
  };

  app.decorateRequest('told', '');
  app.post('/events/:token', { onRequest: admit }, async (request, reply) => {
    const parsed = parseJson(typeof request.body === 'string' ? request.body : '');
    const events = parsed.ok ? readEvents(parsed.value, Date.now()) : parsed.reason;
    if (typeof events === 'string') {
      log.warn({ machine: request.told, reason: events }, 'a controller sent something that is no event');
      return refuse(reply, 400);
    }
    const kept = await keepEvents(mdb, request.told, events);
    log.debug({ machine: request.told, events: events.length, kept }, 'events');
    return reply.code(204).send();
  });
  return app;
}

function createServer({ authority, log }: Omit<EventsOptions, 'mdb'>) {
  const app = fastify({
    loggerInstance: log,
    // Paths are tokens.
    logController: new LogController({ disableRequestLogging: true }),
    https: { key: authority.agentKeyPem, cert: authority.agentCertPem, minVersion: 'TLSv1.2' as const },
    bodyLimit: maxBytes,
    requestTimeout: 15_000,
    connectionTimeout: 30_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error.statusCode !== undefined && error.statusCode < 500) return refuse(reply, error.statusCode);
    if (!isOutage(error)) log.error({ error: error.stack }, 'events could not be kept');
    // The controller sends them again.
    return refuse(reply, 503);
  });
  return app;
}

/** Says nothing but the status, and hangs up: of a body that is still coming nothing is read. */
function refuse(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).header('connection', 'close').send();
}
