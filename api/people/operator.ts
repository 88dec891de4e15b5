import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../../host/listen.ts';
import type { Actor } from '../../mdb/acting.ts';
import { ApiError } from './errors.ts';

export type Role = 'viewer' | 'operator' | 'admin';

/** Who asks. Handlers use nothing else, so that accounts and roles can come without touching them. */
export interface Operator extends Actor {
  readonly role: Role;
}

declare module 'fastify' {
  interface FastifyRequest {
    operator: Operator;
  }
}

const ranks: readonly Role[] = ['viewer', 'operator', 'admin'];

/** Ends a request of somebody whose role is too low for it. */
export function mustBe({ role }: Operator, min: Role): void {
  if (ranks.indexOf(role) < ranks.indexOf(min)) throw new ApiError('forbidden', `this takes the role ${min}`);
}

/**
 * Until there are accounts, whoever reaches the loopback address is the machine's operator; the name that the CLI
 * gives is for the audit and grants nothing. A browser's page from elsewhere must not be such a caller: requests with
 * a foreign Host (DNS rebinding) or Origin are refused.
 */
export async function authorise(request: FastifyRequest): Promise<void> {
  const host = request.headers.host ?? '';
  const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  if (!isLoopback(name)) throw new ApiError('forbidden', 'this address is not one at which the API answers');
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`)
    throw new ApiError('forbidden', 'pages of other origins may not ask');
  const given = request.headers['x-farrier-operator'];
  const known = typeof given === 'string' && /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(given);
  request.operator = { class: 'user', name: known ? given : 'local', role: 'admin' };
}
