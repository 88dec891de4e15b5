import { type ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/** The sentence at the bottom of a failure's causes. */
export function rootMessage(error: ActivityFailure): string {
  let cause: Error | undefined = error;
  while (cause?.cause instanceof Error) cause = cause.cause;
  return cause instanceof ApplicationFailure ? (cause.message ?? 'failed') : String(cause?.message ?? 'failed');
}
