/** Answers what went wrong with a request, and keeps in the audit which writes were refused to whom. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { limitRate } from '../limits.ts';
import { ApiError, describeProblem, rootOf, TooMany } from './errors.ts';
import { nobody } from './operator.ts';

/** Statuses by which a write is refused for what it would do, or for who asks; what is only malformed is none. */
const refusing: ReadonlySet<number> = new Set([401, 403, 409, 412, 422]);
// A program that asks for ever what it may not fills no disk, and holds up nobody else's row.
const perOperator = { burst: 50, perSecond: 1 };

export function createErrorHandler(mdb: Mdb) {
  const kept = limitRate(perOperator);

  async function keep(request: FastifyRequest, status: number, why: string): Promise<void> {
    const definition = request.routeOptions.config?.definition;
    if (!definition || definition.effect === 'read' || !refusing.has(status)) return;
    const actor = request.operator ?? nobody;
    if (!kept.take(actor === nobody ? request.ip : actor.name)) return;
    const { method, path } = definition;
    const detail = { request: `${method} ${path}`, params: request.params ?? {}, status, why };
    await record(mdb, { actor, action: 'request.refused', detail });
  }

  return async (error: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const problem = describeProblem(error, request.url.split('?')[0] ?? '');
    const path = request.routeOptions.url;
    const { status } = problem;
    if (status === 503) {
      request.log.warn(
        { path, error: rootOf(error).message },
        error instanceof ApiError ? 'a request must wait' : 'the MDB cannot be reached',
      );
      reply.header('retry-after', '5');
    } else if (status >= 500) request.log.error({ path, error: rootOf(error).stack }, 'a request failed');
    if (status === 401) reply.header('www-authenticate', 'Bearer realm="farrier"');
    if (error instanceof TooMany) reply.header('retry-after', String(error.waitSeconds));
    await keep(request, status, problem.detail).catch((failed: Error) =>
      request.log.error({ path, error: rootOf(failed).message }, 'a refused write could not be kept'),
    );
    return reply
      .code(status)
      .type('application/problem+json')
      .serializer((body: unknown) => JSON.stringify(body))
      .send(problem);
  };
}
