import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';
import { type ApiRoute, pathOf } from './route.ts';

/** What there is no route for: another method of a path that there is, or a path that there is not. */
export function refuseUnknown(routes: readonly ApiRoute[]) {
  const known = routes.map((one) => ({
    method: one.method,
    pattern: new RegExp(`^${pathOf(one).replace(/:\w+/g, '[^/]+').replaceAll('.', '\\.')}$`),
  }));
  return (request: FastifyRequest, reply: FastifyReply): never => {
    const path = request.url.split('?')[0] ?? '';
    const methods = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    if (methods.length === 0) throw new ApiError('not-found', 'there is no such page; /openapi.json lists them');
    const allow = [...new Set(methods)].sort().join(', ');
    reply.header('allow', allow);
    throw new ApiError('no-method', `this page takes ${allow}`);
  };
}
