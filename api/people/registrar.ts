/**
 * Turns definitions into routes of fastify: who may is asked here: whether they have the role
 * for anything, before something of a body is read, and whether for this, once it is known what is asked.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { poolsSeen } from '../../domain/grants.ts';
import type { SignIn } from '../signin/signin.ts';
import type { PeopleDependencies } from './app.ts';
import type { Cursors } from './cursors.ts';
import { ApiError } from './errors.ts';
import { doOrAsk } from './eyes/asking.ts';
import { fieldsOf, pickFields } from './fields.ts';
import type { ChangeFeed } from './following.ts';
import { changeIntent, readIntent } from './intent.ts';
import { mayAsk, nobody } from './operator.ts';
import { doOnce } from './repeating.ts';
import { mustHaveRight } from './rights.ts';
import { type ApiRoute, type Asked, answersOf, pathOf, usualStatus } from './route.ts';
import type { StreamWatch } from './streamwatch.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a request is for; absent on pages that only describe the API. */
    definition?: ApiRoute;
  }
}

/** What all handlers share. */
interface Services {
  readonly dependencies: PeopleDependencies;
  readonly cursors: Cursors;
  readonly following: ChangeFeed;
  readonly watch: StreamWatch;
  readonly signIn: SignIn;
}

export function serveRoutes(app: FastifyInstance, routes: readonly ApiRoute[], services: Services): void {
  for (const one of routes.filter(({ consumes }) => consumes === undefined))
    app.route(optionsOf(one, services, routes));
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    for (const one of routes.filter(({ consumes }) => consumes !== undefined))
      scope.route(optionsOf(one, services, routes));
  });
}

function optionsOf(definition: ApiRoute, services: Services, routes: readonly ApiRoute[]): RouteOptions {
  const { method, params, query, body, bodyLimit, produces } = definition;
  const status = usualStatus(definition);
  return {
    method,
    url: pathOf(definition),
    config: { definition },
    exposeHeadRoute: false,
    ...(bodyLimit === undefined ? {} : { bodyLimit }),
    schema: {
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(body && { body }),
      ...(produces === undefined ? { response: answersOf(definition) } : {}),
    },
    onRequest: async ({ operator }: FastifyRequest) => admit(definition, operator),
    preHandler: async (request: FastifyRequest) => {
      const { mdb } = services.dependencies;
      if (request.operator) request.operator = await mustHaveRight(mdb, definition, request.operator, request);
    },
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      // What is kept by a browser would be shown for how things stand, which an ETag of what is wanted says nothing of.
      reply.code(status).header('cache-control', 'no-store');
      const { params, query, body } = request;
      const operator = request.operator ?? nobody;
      const asked: Asked = {
        ...services.dependencies,
        ...services,
        routes,
        ...{ params, query, body, operator, pools: poolsSeen(operator.grants), request, reply },
      };
      return narrow(definition, asked, await answer(definition, asked));
    },
  };
}

function answer(served: ApiRoute, asked: Asked): unknown {
  const definition: ApiRoute = served.eyes ? { ...served, handle: (own) => doOrAsk(served, own) } : served;
  if (definition.intent)
    return definition.effect === 'read' ? readIntent(definition, asked) : changeIntent(definition, asked);
  return definition.repeatable ? doOnce(definition, asked) : definition.handle(asked);
}

/** Only the fields that were asked, where they were. */
function narrow({ fieldsOf: list, answers }: ApiRoute, { query, reply }: Asked, whole: unknown): unknown {
  const { fields } = (query ?? {}) as { readonly fields?: string };
  if (list === undefined || fields === undefined) return whole;
  reply.serializer((body: unknown) => JSON.stringify(body));
  reply.type('application/json; charset=utf-8');
  return pickFields(whole, list, fieldsOf(answers[200], list), fields);
}

function admit({ right }: ApiRoute, operator: FastifyRequest['operator']): void {
  if (mayAsk(operator, right)) return;
  if (operator === null) throw new ApiError('unauthenticated', 'sign in first: farrier login, or FARRIER_TOKEN');
  throw new ApiError('forbidden', `this takes the role ${right.role}, and ${operator.name} is ${operator.role}`);
}
