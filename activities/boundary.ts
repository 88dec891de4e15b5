import {
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { causesOf, troubleOf } from '../mdb/trouble.ts';

/** Tries of one transaction that meets others each time, or takes too long: with the proxies' waits about a quarter of an hour. */
const maxTries = 30;

/**
 * What is around every activity of every worker. While one runs that has a heartbeat timeout, its worker tells that it
 * lives. Where it throws, here alone is said whether it is tried again (docs/decisions/errors.md): what is known to pass
 * is; anything else is a fault that a person has to see, and would be the same fault at the next try.
 */
export const boundary: ActivityInterceptorsFactory = (context) => ({
  inbound: {
    async execute(input, next) {
      const { attempt, heartbeatTimeoutMs } = context.info;
      const beat = heartbeatTimeoutMs ? setInterval(() => context.heartbeat(), heartbeatTimeoutMs / 3) : undefined;
      try {
        return await next(input);
      } catch (error) {
        throw classify(error, attempt);
      } finally {
        clearInterval(beat);
      }
    },
  },
});

/** The failure as Temporal has it: marked as one that is not tried again, unless it is known to pass. */
export function classify(error: unknown, attempt: number): unknown {
  // Said by who threw it, or by Temporal itself: a cancel, a worker that stops.
  if (error instanceof TemporalFailure || (error instanceof Error && error.name === 'AbortError')) return error;
  const causes = causesOf(error);
  const root = causes.at(-1);
  return ApplicationFailure.create({
    // The root's: drizzle's own sentence holds the statement and all that was bound to it.
    message: root?.message ?? String(error),
    type: causes[0]?.name ?? 'Error',
    nonRetryable: !passes(error, causes, attempt),
  });
}

function passes(error: unknown, causes: readonly Error[], attempt: number): boolean {
  const said = causes.map((one) => (one as Error & { readonly retryable?: unknown }).retryable);
  const known = said.find((one) => typeof one === 'boolean');
  if (known !== undefined) return known;
  const trouble = troubleOf(error);
  // Away for all: nothing can be written down until it is back, not even that somebody gave up.
  if (trouble !== null) return trouble === 'away' || attempt < maxTries;
  if (causes.some(isBetweenRuns)) return attempt < maxTries;
  return causes.some((one) => isNetwork(one) || isTemporal(one));
}

/** HTTP that got no answer. */
function isNetwork(error: Error): boolean {
  const { code } = error as Error & { readonly code?: unknown };
  return typeof code === 'string' && /^UND_ERR_(CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET)$/.test(code);
}

// By number, as gRPC has them: invalid argument, permission denied, unimplemented, unauthenticated.
const refusals: ReadonlySet<number> = new Set([3, 7, 12, 16]);

/** The workflow that was asked has just ended; whoever asks again meets the next one. */
function isBetweenRuns(error: Error): boolean {
  return error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError;
}

/** Temporal itself, asked from within an activity, was away or busy. */
function isTemporal(error: Error): boolean {
  if (isGrpcServiceError(error)) return !refusals.has(error.code);
  return error instanceof ServiceError || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
}
