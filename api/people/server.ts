import rateLimit, { type errorResponseBuilderContext } from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { apiHeader, apiVersion } from '../../contract/apiheader.ts';
import { readCursorKey } from '../../mdb/api/cursorkey.ts';
import type { MdbConnection } from '../../mdb/connect.ts';
import { limitRate } from '../limits.ts';
import { createConfirm } from '../signin/confirming.ts';
import { readCookie, writeCookie } from '../signin/cookies.ts';
import { createSignIn } from '../signin/signin.ts';
import type { PeopleDependencies } from './app.ts';
import { serveConsole } from './console.ts';
import { createCursors } from './cursors.ts';
import { ApiError, TooMany } from './errors.ts';
import { tellChanges } from './following.ts';
import { createIdentify } from './identify.ts';
import { parseJson } from './json.ts';
import { refuseUnknown } from './missing.ts';
import { secretsOf } from './names.ts';
import { describeApi } from './openapi.ts';
import type { Identify } from './operator.ts';
import { createErrorHandler } from './refusals.ts';
import { serveRoutes } from './registrar.ts';
import { routes } from './routes.ts';
import { watchStreams } from './streamwatch.ts';

export interface PeopleApiOptions extends PeopleDependencies {
  readonly log: Logger;
  /** By which it serves over TLS; it does not unless told. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Says who asks, in place of tokens and trust. */
  readonly identify?: Identify;
  /** Hears of what changes, for those who follow it. */
  readonly listen?: MdbConnection['listen'];
  /** Requests of one caller within a minute at most; 12,000 by default. */
  readonly requestsPerMinute?: number;
  /** Milliseconds after which who follows is asked again whether they still may; 15,000 by default. */
  readonly recheckMs?: number;
  /** Folder of the console as it was built; it is not served unless told. */
  readonly console?: string;
}

/** The people's HTTP API. It reads and writes the MDB and never waits for a workflow. */
export async function createPeopleApi(options: PeopleApiOptions) {
  const { log, listen, tls, requestsPerMinute = 12_000, recheckMs = 15_000, console: pages, ...dependencies } = options;
  const { trustsLoopback = true } = dependencies;
  const { mdb } = dependencies;
  const signIn = createSignIn(mdb, secretsOf(dependencies));
  const confirm = createConfirm(mdb, signIn.provider);
  const { identify = createIdentify({ mdb, trustsLoopback, confirm }) } = options;
  const refuse = createErrorHandler(dependencies.mdb);
  const app = fastify({
    // An address that cannot be read is met before any route is.
    frameworkErrors: (error, request, reply) => void refuse(error, request, reply.header(apiHeader, apiVersion)),
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    // An image takes minutes to arrive; a connection on which nothing moves is cut long before.
    requestTimeout: 900_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 30_000,
    routerOptions: { maxParamLength: 253 },
    forceCloseConnections: true,
    // Either server has the same faces; the types of fastify part them.
    ...((tls && { https: { ...tls, minVersion: 'TLSv1.2' } }) as object),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(refuse);
  app.setNotFoundHandler(refuseUnknown(routes));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const parsed = parseJson(String(body));
    if (parsed.ok) done(null, parsed.value);
    else done(new ApiError('invalid', parsed.reason));
  });
  app.decorateRequest('operator', null);
  // Says who answers, also where it refuses: the client takes nobody else for Farrier.
  app.addHook('onRequest', async (_request, reply) => void reply.header(apiHeader, apiVersion));
  app.addHook('onRequest', async ({ url }) => {
    if (url.includes('%00')) throw new ApiError('invalid', 'the address holds a NUL');
  });
  // What is told to one must be kept for no other, nor shown again once they are gone.
  app.addHook('onRequest', async (_request, reply) => void reply.headers(neverKept));
  app.addHook('onRequest', async (request, reply) => {
    request.operator = await identify(request);
    // One that has ended is taken away, or each request of the browser would be looked up for nothing.
    if (readCookie(request) !== null && request.operator?.session?.kind !== 'browser')
      reply.header('set-cookie', writeCookie(request, null, 0));
  });
  await app.register(rateLimit, { global: false });
  app.addHook('onRequest', app.rateLimit({ ...limitedBy, max: requestsPerMinute, timeWindow: minuteSeconds * 1000 }));
  app.addHook('onRequest', limitAccounts(requestsPerMinute));
  const document = describeApi(routes);
  await app.register(swagger, { mode: 'static', specification: { document: document as never } });
  // For people to read and to try. Nothing of it is fetched from elsewhere, nor is a validator of others asked.
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, uiConfig: { validatorUrl: null } });
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(document));
  const following = tellChanges({ mdb: dependencies.mdb, listen, log });
  // They would keep a server that is told to end.
  app.addHook('preClose', () => following.close());
  const cursors = createCursors(() => readCursorKey(dependencies.mdb));
  const watch = watchStreams(identify, recheckMs);
  serveRoutes(app, routes, { dependencies, cursors, following, watch, signIn });
  if (pages !== undefined) await serveConsole(app, pages);
  return app;
}

const neverKept = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

const minuteSeconds = 60;

/** Whoever watches that Farrier lives is never told to come later. */
const isLetBe = ({ routeOptions: { config } }: FastifyRequest) =>
  config?.definition?.right.role === 'anyone' && config.definition.effect === 'read';

/** By address, whoever asks from there. */
const limitedBy = {
  keyGenerator: ({ ip }: FastifyRequest) => ip,
  allowList: isLetBe,
  errorResponseBuilder: (_request: FastifyRequest, context: errorResponseBuilderContext) =>
    new TooMany(
      `too many requests came from here: ask again in ${context.after}`,
      Math.max(1, Math.ceil(context.ttl / 1000)),
    ),
};

/** By account, from wherever it asks: of those who have signed in. */
function limitAccounts(perMinute: number) {
  const accounts = limitRate({ burst: perMinute, perSecond: perMinute / minuteSeconds });
  return async (request: FastifyRequest) => {
    const { operator } = request;
    if (operator === null || operator.by === 'loopback' || isLetBe(request) || accounts.take(operator.name)) return;
    const seconds = accounts.waitSeconds(operator.name);
    throw new TooMany(`${operator.name} asks too much: ask again in ${seconds} s`, seconds);
  };
}
