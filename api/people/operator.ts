import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../../host/listen.ts';
import type { Actor } from '../../mdb/acting.ts';
import { ApiError } from './errors.ts';

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who asks. Handlers use nothing else, so that accounts and roles can come without touching them. */
export interface Operator extends Actor {
  readonly role: Role;
}

/**
 * Says who asks; null for nobody who is known. Throws ApiError for who must not ask at all. This is where accounts come
 * in: `createPeopleApi` takes another one.
 */
export type Identify = (request: FastifyRequest) => Operator | null | Promise<Operator | null>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Null for nobody who is known. */
    operator: Operator | null;
  }
}

/** Nobody who is known, where a route takes anyone. */
export const nobody: Operator = { class: 'user', name: 'nobody', role: 'viewer' };

/** Whether somebody's role is enough for a right. Pure. */
export function mayAsk(operator: Operator | null, { role }: { readonly role: Role | 'anyone' }): boolean {
  if (role === 'anyone') return true;
  return operator !== null && roles.indexOf(operator.role) >= roles.indexOf(role);
}

/**
 * Until there are accounts, whoever reaches the loopback address is the machine's operator; the name that the CLI
 * gives is for the audit and grants nothing. A browser's page from elsewhere must not be such a caller: requests with
 * a foreign Host (DNS rebinding) or Origin are refused.
 */
export function identifyLocal(request: FastifyRequest): Operator {
  const host = request.headers.host ?? '';
  const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  if (!isLoopback(name)) throw new ApiError('forbidden', 'this address is not one at which the API answers');
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`)
    throw new ApiError('forbidden', 'pages of other origins may not ask');
  const given = request.headers['x-farrier-operator'];
  const known = typeof given === 'string' && /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(given);
  return { class: 'user', name: known ? given : 'local', role: 'admin' };
}
