/** What a route of the people's API is: one definition says all that the server, its description and its tests know of it. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { approvalAsked } from '../../contract/approvals.ts';
import type { Role } from '../../domain/grants.ts';
import type { SignIn } from '../signin/signin.ts';
import type { PeopleDependencies } from './app.ts';
import type { Cursors } from './cursors.ts';
import type { Eyes } from './eyes/eyes.ts';
import type { ChangeFeed } from './following.ts';
import type { Operator } from './operator.ts';
import type { StreamWatch } from './streamwatch.ts';

/** What a right is about: a role is had for some machines, pools and teams, or for all of the fleet. */
export const scopes = [
  ...['fleet', 'site', 'selector', 'machine', 'order', 'step', 'ticket', 'campaign', 'permit', 'approval'],
  ...['semaphore', 'pool', 'profile', 'team', 'account'],
] as const;
export type Scope = (typeof scopes)[number];

export interface Right {
  /** `anyone`: also who does not say who they are; nothing of a machine is told. */
  readonly role: Role | 'anyone';
  readonly of: Scope;
}

/** Of what is asked and answered, by status. */
type Answers = Readonly<Record<number, z.ZodType>>;
type Output<T> = T extends z.ZodType ? z.output<T> : undefined;

/** All that a handler knows: what was asked, checked by its schemas, by whom, and what it works with. */
export interface Asked<Params = unknown, Query = unknown, Body = unknown> extends PeopleDependencies {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly operator: Operator;
  /** The pools whose machines whoever asks sees; null: all. A route that `narrows` shows nothing of others. */
  readonly pools: readonly string[] | null;
  readonly cursors: Cursors;
  readonly following: ChangeFeed;
  readonly watch: StreamWatch;
  /** All that is served, for what was asked before and is done now. */
  readonly routes: readonly ApiRoute[];
  readonly signIn: SignIn;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The same that is in it by name. */
  readonly dependencies: PeopleDependencies;
}

interface Said {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the API's prefix, unless `outside`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly right: Right;
  /** Whether what is of the fleet is shown to who sees some pools only, narrowed to `pools`; else it is refused them. */
  readonly narrows?: true;
  /** `destructive`: data or service may be lost by it. */
  readonly effect: 'read' | 'write' | 'destructive';
  /** Whether whoever asks says why; not at all by default. */
  readonly reason?: 'required' | 'optional';
  /** Outside of `/api/v1`, at its path alone. */
  readonly outside?: boolean;
  /** Bytes of a body at most. */
  readonly bodyLimit?: number;
  /** Of the body; JSON by default. */
  readonly consumes?: 'application/octet-stream';
  /** Name of the list in the answer of whose items only some fields may be asked. */
  readonly fieldsOf?: string;
  /** Name of what several routes change together, where the ETag is of all of it and not of what the path names. */
  readonly intentOf?: string;
  /** It may be repeated by an `Idempotency-Key`. */
  readonly repeatable?: boolean;
  /** Of the answer; JSON by default. What is not JSON the handler renders itself. */
  readonly produces?: 'text/plain' | 'application/json as text' | 'text/event-stream';
  /** Another form of the same answer. */
  readonly producesToo?: 'text/csv';
}

interface Definition<
  P extends z.ZodType | undefined,
  Q extends z.ZodType | undefined,
  B extends z.ZodType | undefined,
  A extends Answers,
> extends Said {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** By status. The lowest is answered unless the handler sets another. */
  readonly answers: A;
  /**
   * What people want, as its ETag is of it; null where nobody has said yet. Where a route has one, reading it tells the
   * ETag, and changing it takes `If-Match`.
   */
  intent?(asked: Asked<Output<P>>): Promise<unknown>;
  /**
   * What of it a second person has to see before it is done; null where there is nothing. Throws ApiError for what would be
   * refused. Its plan is made again when they have: nothing is in it that differs from one look to the next.
   */
  eyes?(asked: Asked<Output<P>, Output<Q>, Output<B>>): Promise<Eyes | null>;
  handle(
    asked: Asked<Output<P>, Output<Q>, Output<B>>,
  ): Promise<Output<A[keyof A]> | FastifyReply> | Output<A[keyof A]> | FastifyReply;
}

/** A definition, whatever its schemas. */
export interface ApiRoute extends Said {
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
  readonly answers: Answers;
  intent?(asked: Asked): Promise<unknown>;
  eyes?(asked: Asked): Promise<Eyes | null>;
  handle(asked: Asked): unknown;
}

/** Types a handler by the schemas beside it. */
export function route<
  const A extends Answers,
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: Definition<P, Q, B, A>): ApiRoute {
  return definition as unknown as ApiRoute;
}

/** Of each status what is answered, also where a second person is waited for. */
export function answersOf({ answers, eyes }: Pick<ApiRoute, 'answers' | 'eyes'>): Answers {
  if (!eyes) return answers;
  const later = answers[202];
  return { ...answers, 202: later === undefined ? approvalAsked : z.union([approvalAsked, later]) };
}

/** The answer to what is kept, and done later. */
export const acceptance = { accepted: true } as const;

/** Where versioned routes are. */
export const prefix = '/api/v1';

export function pathOf({ outside, path }: Pick<ApiRoute, 'outside' | 'path'>): string {
  return outside ? path : `${prefix}${path}`;
}

/** Which status is answered unless the handler says another. */
export function usualStatus({ answers }: Pick<ApiRoute, 'answers'>): number {
  return Math.min(...Object.keys(answers).map(Number));
}
