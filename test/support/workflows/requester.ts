import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import type { Resource } from '../../../domain/permits/groups.ts';
import { type PermitOutcome, type PermitSubject, Permits } from '../../../workflows/passage/permits.ts';

export interface RequesterInput {
  readonly subject: PermitSubject;
  readonly resources: readonly Resource[];
  readonly limit: number | null;
}

export interface RequesterStatus {
  readonly taken: PermitOutcome | null;
  readonly queued: readonly string[];
  readonly held: number;
}

/** What a passage does with permits, and nothing else: takes them, works until it is told `done`, gives them back. */
export async function requester({ subject, resources, limit }: RequesterInput): Promise<PermitOutcome> {
  const permits = new Permits(subject);
  const queued: string[] = [];
  let taken: PermitOutcome | null = null;
  let done = false;
  let cancelled = false;
  permits.open();
  setHandler(defineSignal('done'), () => {
    done = true;
  });
  setHandler(defineSignal('cancel'), () => {
    cancelled = true;
  });
  setHandler(defineQuery<RequesterStatus>('status'), () => ({ taken, queued, held: permits.held.length }));
  try {
    taken = await permits.take(resources, {
      limit,
      cancelled: () => cancelled,
      onQueued: (sentence) => queued.push(sentence),
    });
    if (taken.state === 'granted') await condition(() => done || cancelled);
    return taken;
  } finally {
    await permits.returnPermit();
  }
}
