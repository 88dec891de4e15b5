import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Refused } from '../../domain/refused.ts';
import { isOutage, violationOf } from '../../mdb/trouble.ts';

const statusOf = { 'not-found': 404, conflict: 409, invalid: 400, forbidden: 403, 'too-large': 413 } as const;
export type Code = keyof typeof statusOf;

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

/** The value, or the refusal as an error. */
export function granted<T>(value: T | Refused): T {
  if (typeof value === 'object' && value !== null && 'code' in value && 'message' in value) {
    throw new ApiError(value.code, value.message, value.field);
  }
  return value as T;
}

interface ErrorBody {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly field?: string | undefined;
}

export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message, field } = explain(error);
  const path = request.routeOptions.url;
  if (status === 503) {
    request.log.warn({ path, error: rootOf(error).message }, 'the MDB cannot be reached');
    reply.header('retry-after', '5');
  } else if (status >= 500) request.log.error({ path, error: rootOf(error).stack }, 'a request failed');
  return reply.code(status).send({ error: { code, message, ...(field === undefined ? {} : { field }) } });
}

function explain(error: FastifyError | ApiError): ErrorBody {
  if (error instanceof ApiError)
    return { status: statusOf[error.code], code: error.code, message: error.message, field: error.field };
  if (hasZodFastifySchemaValidationErrors(error)) return explainValidation(error);
  if (isOutage(error)) return { status: 503, code: 'mdb-down', message: 'the MDB cannot be reached now; try again' };
  const violation = violationOf(error);
  if (violation !== null)
    return { status: 409, code: 'conflict', message: `that is taken already (${violation.constraint})` };
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return {
      status: error.statusCode,
      code: error.statusCode === 413 ? 'too-large' : 'invalid',
      message: error.message,
    };
  }
  return { status: 500, code: 'fault', message: 'this request met a fault in Farrier; its log says which' };
}

function explainValidation(error: { validation?: unknown }): ErrorBody {
  const [issue] = (error.validation ?? []) as {
    instancePath: string;
    message?: string;
    params?: { issue?: { code?: string; keys?: string[] } };
  }[];
  const field = issue?.instancePath.replace(/^\//, '').replaceAll('/', '.') || undefined;
  const message = `${field ?? 'the request'}: ${issue?.message ?? 'is wrong'}`;
  return { status: 400, code: 'invalid', message, field };
}

// Query errors carry the statement and its values; what went wrong is at the bottom.
function rootOf(error: Error): Error {
  let at: Error = error;
  while (at.cause instanceof Error) at = at.cause;
  return at;
}
