/** What goes wrong with a request, and what its caller is told of it: a problem body, RFC 9457. */
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Problem } from '../../contract/api.ts';
import type { Refused } from '../../domain/refused.ts';
import { isOutage, violationOf } from '../../mdb/trouble.ts';

const statusOf = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'no-method': 405,
  conflict: 409,
  changed: 412,
  'too-large': 413,
  'key-reused': 422,
  'too-many': 429,
  busy: 503,
} as const;
type Code = keyof typeof statusOf;

/** What each status means, whatever the request was. */
const titles: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'Nobody is signed in',
  403: 'That is not allowed',
  404: 'There is no such thing',
  405: 'There is no such method here',
  406: 'That form cannot be answered',
  408: 'The request came too slowly',
  409: 'That cannot be as things stand',
  412: 'It has changed since it was read',
  413: 'The request is too large',
  415: 'That form of body is not taken',
  422: 'The key was used for another request',
  429: 'There were too many requests',
  500: 'Farrier met a fault',
  503: 'Farrier cannot answer now',
};

/** An expected outcome that a handler throws to end a request: what the caller is told, and nothing more. */
export class ApiError extends Error {
  readonly code: Code;
  readonly field: string | undefined;
  constructor(code: Code, message: string, field?: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** Too many requests came, and in so many seconds another one may. */
export class TooMany extends ApiError {
  readonly waitSeconds: number;
  constructor(message: string, waitSeconds: number) {
    super('too-many', message);
    this.waitSeconds = waitSeconds;
  }
}

/** The value, or the refusal as an error. */
export function granted<T>(value: T | Refused): T {
  if (typeof value === 'object' && value !== null && 'code' in value && 'message' in value) {
    throw new ApiError(value.code, value.message, value.field);
  }
  return value as T;
}

interface Explained {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly field?: string | undefined;
  readonly errors?: Problem['errors'];
}

/** What the caller is told of an error. Pure. */
export function describeProblem(error: FastifyError | ApiError, instance: string): Problem {
  const { status, code, detail, field, errors } = explain(error);
  const named = field === undefined ? {} : { field };
  return {
    type: `urn:farrier:problem:${code}`,
    title: titles[status] ?? 'The request was not done',
    ...{ status, detail, instance, code, ...named },
    ...(errors && { errors }),
    error: { code, message: detail, ...named },
  };
}

function explain(error: FastifyError | ApiError): Explained {
  if (error instanceof ApiError)
    return { status: statusOf[error.code], code: error.code, detail: error.message, field: error.field };
  if (hasZodFastifySchemaValidationErrors(error)) return explainValidation(error);
  if (isOutage(error)) return { status: 503, code: 'mdb-down', detail: 'the MDB cannot be reached now; try again' };
  const violation = violationOf(error);
  if (violation !== null)
    return { status: 409, code: 'conflict', detail: `that is taken already (${violation.constraint})` };
  if (error.statusCode !== undefined && error.statusCode < 500) {
    const code = error.statusCode === 413 ? 'too-large' : 'invalid';
    return { status: error.statusCode, code, detail: error.message };
  }
  return { status: 500, code: 'fault', detail: 'this request met a fault in Farrier; its log says which' };
}

/** As the validator of zod's schemas tells them. */
interface Issue {
  readonly instancePath: string;
  readonly message?: string;
}

/** Of what is wrong, as much as anybody reads. */
const maxIssues = 20;

function explainValidation(error: { validation?: unknown }): Explained {
  const issues = ((error.validation ?? []) as readonly Issue[]).slice(0, maxIssues).map(({ instancePath, message }) => {
    const field = instancePath.replace(/^\//, '').replaceAll('/', '.');
    return { field, detail: `${field || 'the request'}: ${message ?? 'is wrong'}` };
  });
  const [first] = issues;
  const detail = first?.detail ?? 'the request: is wrong';
  return { status: 400, code: 'invalid', detail, field: first?.field || undefined, errors: issues };
}

/** Query errors carry the statement and its values; what went wrong is at the bottom. */
export function rootOf(error: Error): Error {
  let at: Error = error;
  while (at.cause instanceof Error) at = at.cause;
  return at;
}
