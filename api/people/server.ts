import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { LogController } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { apiError } from '../../contract/api.ts';
import { apiHeader, apiVersion } from '../../contract/apiheader.ts';
import type { App, PeopleDependencies } from './app.ts';
import { serveAudit } from './audit.ts';
import { serveCampaigns } from './campaigns.ts';
import { serveDominator } from './dominator.ts';
import { serveDrift } from './drift.ts';
import { ApiError, answerError } from './errors.ts';
import { serveGuards, servePools } from './guards.ts';
import { serveHardware } from './hardware.ts';
import { serveDoctor, serveMonitoring } from './health.ts';
import { serveHold } from './hold.ts';
import { serveImages } from './images.ts';
import { serveImageSystem } from './imagesystem.ts';
import { parseJson } from './json.ts';
import { serveMachines } from './machines.ts';
import { serveManyOrders } from './many.ts';
import { serveOnCall } from './oncall.ts';
import { authorise, type Operator } from './operator.ts';
import { serveHumanSteps, serveOrders } from './orders.ts';
import { servePlaces } from './places.ts';
import { serveProfiles } from './profiles.ts';
import { serveRehydrate } from './rehydrate.ts';
import { serveRelease, serveVouching } from './release.ts';
import { serveSemaphores } from './semaphores.ts';
import { serveTags } from './tags.ts';
import { serveTickets } from './tickets.ts';

export interface PeopleApiOptions extends PeopleDependencies {
  readonly log: Logger;
}

/** The people's HTTP API. It reads and writes the MDB and never waits for a workflow. */
export async function createPeopleApi(options: PeopleApiOptions) {
  const app = fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    // An image takes minutes to arrive; a connection on which nothing moves is cut long before.
    requestTimeout: 900_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 30_000,
    routerOptions: { maxParamLength: 253 },
    forceCloseConnections: true,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(() => {
    throw new ApiError('not-found', 'there is no such page; /openapi.json lists them');
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const parsed = parseJson(String(body));
    if (parsed.ok) done(null, parsed.value);
    else done(new ApiError('invalid', parsed.reason));
  });
  app.decorateRequest('operator', null as unknown as Operator);
  // Says who answers, also where it refuses: the client takes nobody else for Farrier.
  app.addHook('onRequest', async (_request, reply) => void reply.header(apiHeader, apiVersion));
  app.addHook('onRequest', authorise);
  await app.register(swagger, {
    openapi: {
      info: {
        title: 'Farrier',
        version: '1',
        description: 'Bare-metal servers from first power-on to useful work, and back.',
      },
    },
    transform: jsonSchemaTransform,
  });
  // For people to read and to try. Nothing of it is fetched from elsewhere, nor is a validator of others asked.
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, uiConfig: { validatorUrl: null } });
  await app.register(async (scope) => serveAll(scope as unknown as App, options));
  return app;
}

async function serveAll(app: App, options: PeopleDependencies): Promise<void> {
  // Every page refuses in one form, which its description says too.
  app.addHook('onRoute', ({ schema }) => {
    if (schema && !schema.hide) schema.response = { ...(schema.response as object), '4xx': apiError, '5xx': apiError };
  });
  serveMonitoring(app, options);
  serveDominator(app, options);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(
    async (scope) => {
      const versioned = scope as unknown as App;
      serveMachines(versioned, options);
      serveHardware(versioned, options);
      serveHold(versioned, options);
      serveRelease(versioned, options);
      serveVouching(versioned, options);
      serveRehydrate(versioned, options);
      serveOrders(versioned, options);
      serveManyOrders(versioned, options);
      serveCampaigns(versioned, options);
      serveDrift(versioned, options);
      serveProfiles(versioned, options);
      serveGuards(versioned, options);
      servePools(versioned, options);
      serveSemaphores(versioned, options);
      serveHumanSteps(versioned, options);
      serveTags(versioned, options);
      serveTickets(versioned, options);
      serveOnCall(versioned, options);
      servePlaces(versioned, options);
      serveImages(versioned, options);
      serveImageSystem(versioned, options);
      serveAudit(versioned, options);
      serveDoctor(versioned, options);
    },
    { prefix: '/api/v1' },
  );
}
