import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { apiHeader, apiVersion } from '../../contract/apiheader.ts';
import type { PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';
import { parseJson } from './json.ts';
import { refuseUnknown } from './missing.ts';
import { describeApi } from './openapi.ts';
import { type Identify, identifyLocal } from './operator.ts';
import { createErrorHandler } from './refusals.ts';
import { serveRoutes } from './registrar.ts';
import { routes } from './routes.ts';

export interface PeopleApiOptions extends PeopleDependencies {
  readonly log: Logger;
  /** Who asks; whoever reaches the loopback address by default. */
  readonly identify?: Identify;
}

/** The people's HTTP API. It reads and writes the MDB and never waits for a workflow. */
export async function createPeopleApi({ log, identify = identifyLocal, ...dependencies }: PeopleApiOptions) {
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
  app.addHook('onRequest', async (request) => {
    request.operator = await identify(request);
  });
  const document = describeApi(routes);
  await app.register(swagger, { mode: 'static', specification: { document: document as never } });
  // For people to read and to try. Nothing of it is fetched from elsewhere, nor is a validator of others asked.
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, uiConfig: { validatorUrl: null } });
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(document));
  serveRoutes(app, routes, dependencies);
  return app;
}
