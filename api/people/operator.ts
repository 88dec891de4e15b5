import type { FastifyRequest } from 'fastify';
import { type Grant, highestRole, isEnough, type Role } from '../../domain/grants.ts';
import type { SessionKind, SignInWay } from '../../domain/sessions.ts';
import type { Actor } from '../../mdb/acting.ts';

/** Who asks. Handlers use nothing else, so that accounts and roles can come without touching them. */
export interface Operator extends Actor {
  /** Whose account it is: a person and all of their tokens are one. */
  readonly person: string;
  /** Who made the token that it came by, or gave the password, and has seen it; null where nobody else has. */
  readonly maker: string | null;
  /** For what is asked; before that is known, the highest that it has of anything. */
  readonly role: Role;
  readonly grants: readonly Grant[];
  readonly by: 'loopback' | 'token' | SignInWay;
  /** When it has to sign in again; null for never. */
  readonly expiresAt: Date | null;
  /** By which a person with an account is signed in; null for who is known otherwise. */
  readonly session: OwnSession | null;
}

/** Somebody's own sign-in. */
interface OwnSession {
  readonly id: string;
  readonly personId: string;
  readonly kind: SessionKind;
  readonly way: SignInWay;
  /** Whether somebody else chose their password, and knows it. */
  readonly passwordGiven: boolean;
}

/** Says who asks; null for nobody who is known. Throws ApiError for who must not ask at all. */
export type Identify = (request: FastifyRequest) => Operator | null | Promise<Operator | null>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Null for nobody who is known. */
    operator: Operator | null;
  }
}

type OperatorMore = Pick<Operator, 'expiresAt' | 'person' | 'maker' | 'session'>;

export function operatorOf(
  name: string,
  grants: readonly Grant[],
  by: Operator['by'],
  { expiresAt = null, person = name, maker = null, session = null }: Partial<OperatorMore> = {},
): Operator {
  return { class: 'user', name, person, maker, role: highestRole(grants), grants, by, expiresAt, session };
}

/** Nobody who is known, where a route takes anyone. */
export const nobody: Operator = operatorOf('nobody', [], 'loopback');

/** Whether somebody's role is enough for a right, at least for some machine or team. Pure. */
export function mayAsk(operator: Operator | null, { role }: { readonly role: Role | 'anyone' }): boolean {
  return role === 'anyone' || (operator !== null && isEnough(operator.role, role));
}
