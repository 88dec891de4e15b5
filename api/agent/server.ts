import fastify, { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import { formatRecords, parseRecords, type RecordError, recordLimits } from '../../contract/records.ts';
import { type AgentSession, openSessions, readDirectives } from '../../mdb/boot/agent.ts';
import { isOutage } from '../../mdb/trouble.ts';
import { limitRate, type RateLimiter } from '../limits.ts';
import { type AgentAnswer, isRefusal, refusal } from './answer.ts';
import { gather } from './gather.ts';
import * as requests from './requests.ts';
import { hashToken, readBearer } from './tokens.ts';
import { type Waiting, waitForDirectives } from './waiting.ts';

export interface AgentApiOptions {
  readonly mdb: requests.AgentDependencies['mdb'];
  /** The MDB's URL, for the connection that listens. */
  readonly mdbUrl: string;
  readonly authority: requests.AgentDependencies['supplies']['authority'] & {
    readonly agentCertPem: string;
    readonly agentKeyPem: string;
  };
  /** The folder whose files machines fetch at `/files/`. */
  readonly images: string;
  /** See `Supplies`. */
  readonly accessCaFile: string;
  readonly log: Logger;
}

/** Longest time that `next` is held, in seconds. */
const maxWaitSeconds = 25;
// An agent needs some forty requests in a minute at its busiest; a loop that has gone wild is slowed to ten a second.
const perToken = { burst: 200, perSecond: 10 };
// Guesses from one address. A rack behind one address boots with good tokens, which cost nothing here.
const perUnknownSource = { burst: 200, perSecond: 5 };

/** The agent API over HTTPS; `listen` starts it, `close` ends the waiting requests first. */
export function createAgentApi(options: AgentApiOptions) {
  const { mdb, authority, images, accessCaFile, log } = options;
  const readDirective = gather((ids) => readDirectives(mdb, ids));
  const readSession = gather((hashes) => openSessions(mdb, hashes));
  const waiting = waitForDirectives({ url: options.mdbUrl, read: readDirective, log });
  const supplies = { authority, images, accessCaFile };
  const dependencies: requests.AgentDependencies = { mdb, supplies, waiting };
  const app = createServer(options, waiting);

  const guard = createGuard(limitRate(perToken), limitRate(perUnknownSource), readSession);
  const post = (path: string, take: (session: AgentSession, body: string) => Promise<AgentAnswer>) =>
    app.post(path, (request, reply) =>
      respond(
        request,
        reply,
        guard.session(request, (session) => take(session, bodyOf(request))),
      ),
    );

  app.post('/agent/hello', (request, reply) =>
    respond(
      request,
      reply,
      guard.token(request, (token) => requests.hello(dependencies, token, parseRecords(bodyOf(request)))),
    ),
  );
  app.post('/agent/ready', (request, reply) =>
    respond(
      request,
      reply,
      guard.token(request, (token) => requests.reportReady(dependencies, token, parseRecords(bodyOf(request)))),
    ),
  );
  post('/agent/inventory', (session, body) => requests.inventory(dependencies, session, body));
  post('/agent/step', (session, body) => requests.step(dependencies, session, parseRecords(body)));
  post('/agent/progress', (session, body) => requests.progress(dependencies, session, parseRecords(body)));
  post('/agent/burnin', (session, body) => requests.burnin(dependencies, session, parseRecords(body)));
  post('/agent/erased', (session, body) => requests.erased(dependencies, session, parseRecords(body)));
  post('/agent/installed', (session, body) => requests.installed(dependencies, session, parseRecords(body)));
  app.get('/agent/credentials', (request, reply) =>
    respond(
      request,
      reply,
      guard.session(request, (session) => requests.credentials(dependencies, session)),
    ),
  );
  app.get('/agent/next', (request, reply) =>
    respond(
      request,
      reply,
      guard.session(request, (session) => {
        const poll = readPoll(request.query as Record<string, unknown>);
        return poll
          ? requests.nextDirectives(dependencies, session, poll, whenGone(reply))
          : Promise.resolve(refusal(400, 'seq and wait are whole numbers'));
      }),
    ),
  );
  return app;
}

function createServer({ authority, log }: AgentApiOptions, waiting: Waiting) {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    https: { key: authority.agentKeyPem, cert: authority.agentCertPem, minVersion: 'TLSv1.2' as const },
    bodyLimit: recordLimits.maxBytes,
    // A request that trickles in is cut; an answer that is held (`next`) is not a request any more.
    requestTimeout: 30_000,
    connectionTimeout: (maxWaitSeconds + 35) * 1000,
    keepAliveTimeout: 30_000,
    forceCloseConnections: true,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => send(reply, explain(error, request)));
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .type('text/plain')
      .send(formatRecords([{ kind: 'error', fields: { reason: 'there is no such request' } }])),
  );
  app.addHook('preClose', () => waiting.close());
  return app;
}

/** Who may ask: requests with a token, and with an open session; both slowed by token, guesses by address. */
function createGuard(
  tokens: RateLimiter,
  unknownSources: RateLimiter,
  readSession: (hash: string) => Promise<AgentSession | undefined>,
) {
  const token = async (
    request: FastifyRequest,
    take: (token: string) => Promise<AgentAnswer>,
  ): Promise<AgentAnswer> => {
    if (!unknownSources.allows(request.ip)) return refusal(429, 'too many requests with a wrong token; wait');
    const bearer = readBearer(request.headers.authorization);
    const answer = bearer === null ? refusal(401, 'there is no token') : await limited(bearer, take);
    if (isRefusal(answer) && answer.status === 401) unknownSources.take(request.ip);
    return answer;
  };
  const limited = async (bearer: string, take: (token: string) => Promise<AgentAnswer>): Promise<AgentAnswer> =>
    tokens.take(hashToken(bearer)) ? take(bearer) : refusal(429, 'too many requests; wait');
  return {
    token,
    session: (request: FastifyRequest, take: (session: AgentSession) => Promise<AgentAnswer>): Promise<AgentAnswer> =>
      token(request, async (bearer) => {
        const session = await readSession(hashToken(bearer));
        return session ? take(session) : refusal(401, 'this session is unknown or has ended; boot again');
      }),
  };
}

async function respond(
  request: FastifyRequest,
  reply: FastifyReply,
  work: Promise<AgentAnswer>,
): Promise<FastifyReply> {
  return send(reply, await work.catch((error: Error) => explain(error, request)));
}

function send(
  reply: FastifyReply,
  answer: AgentAnswer | { readonly status: number; readonly reason: string },
): FastifyReply {
  const text = reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store');
  if (!isRefusal(answer)) return text.send(formatRecords(answer as Exclude<typeof answer, { status: number }>));
  if (answer.status === 429 || answer.status === 503) text.header('retry-after', '5');
  return text.code(answer.status).send(formatRecords([{ kind: 'error', fields: { reason: answer.reason } }]));
}

function explain(error: Error & { statusCode?: number }, request: FastifyRequest): { status: number; reason: string } {
  if ((error as RecordError).name === 'RecordError') return { status: 400, reason: error.message };
  if (error.statusCode === 413) return { status: 413, reason: `the body is above ${recordLimits.maxBytes} bytes` };
  if (error.statusCode !== undefined && error.statusCode < 500)
    return { status: error.statusCode, reason: error.message };
  if (isOutage(error)) {
    request.log.warn(
      { path: request.routeOptions.url, error: error.message.slice(0, 200) },
      'the MDB cannot be reached',
    );
    return { status: 503, reason: 'the MDB cannot be reached now; ask again' };
  }
  request.log.error({ path: request.routeOptions.url, error: error.stack }, 'a request failed');
  return { status: 500, reason: 'this request met a fault in Farrier; its log says which' };
}

function bodyOf(request: FastifyRequest): string {
  return typeof request.body === 'string' ? request.body : '';
}

function readPoll(query: Record<string, unknown>): { seq: number | null; seconds: number } | null {
  const { seq = null, wait = '0' } = query;
  if (seq !== null && !(typeof seq === 'string' && /^-?\d{1,9}$/.test(seq))) return null;
  if (!(typeof wait === 'string' && /^\d{1,4}$/.test(wait))) return null;
  return { seq: seq === null ? null : Number(seq), seconds: Math.min(Number(wait), maxWaitSeconds) };
}

function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
