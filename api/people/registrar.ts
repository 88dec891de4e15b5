/** Turns definitions into routes of fastify: who may is asked once, here, before anything of a body is read. */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';
import { mayAsk, nobody } from './operator.ts';
import { type ApiRoute, pathOf, usualStatus } from './route.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a request is for; absent on pages that only describe the API. */
    definition?: ApiRoute;
  }
}

export function serveRoutes(app: FastifyInstance, routes: readonly ApiRoute[], dependencies: PeopleDependencies): void {
  for (const one of routes.filter(({ consumes }) => consumes === undefined)) app.route(optionsOf(one, dependencies));
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    for (const one of routes.filter(({ consumes }) => consumes !== undefined))
      scope.route(optionsOf(one, dependencies));
  });
}

function optionsOf(definition: ApiRoute, dependencies: PeopleDependencies): RouteOptions {
  const { method, params, query, body, answers, bodyLimit, produces } = definition;
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
      ...(produces === undefined ? { response: answers } : {}),
    },
    onRequest: async ({ operator }: FastifyRequest) => admit(definition, operator),
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      reply.code(status);
      const { params, query, body, operator } = request;
      return definition.handle({
        ...dependencies,
        ...{ params, query, body, operator: operator ?? nobody, request, reply, dependencies },
      });
    },
  };
}

function admit({ right }: ApiRoute, operator: FastifyRequest['operator']): void {
  if (mayAsk(operator, right)) return;
  if (operator === null) throw new ApiError('unauthenticated', 'sign in first: this is for people who are known');
  throw new ApiError('forbidden', `this takes the role ${right.role}, and ${operator.name} is ${operator.role}`);
}
