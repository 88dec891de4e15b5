import type { MachineBacklog } from '../../contract/machine.ts';
import type { BrainSlugOrder } from '../../domain/brainslug.ts';
import { isRefused } from '../../domain/refused.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { keepPause, readBacklog } from '../../mdb/orders/backlog.ts';
import { placeOrder } from '../../mdb/orders/orders.ts';

export interface PayloadInput {
  readonly machineId: string;
  readonly siteId: string;
  /** Minted by the workflow, so that a repetition is the same order. */
  readonly id: string;
  readonly order: BrainSlugOrder;
}

/** Orders that come by way of a workflow. Each may run more than once. */
export function createOrderActivities(mdb: Mdb) {
  return {
    /** What a machine's workflow has to know that begins, or that was lost. */
    readBacklog: ({ machineId }: { readonly machineId: string }): Promise<MachineBacklog> =>
      readBacklog(mdb, machineId),
    /** Keeps that a whole machine is paused, or no longer is. */
    keepPause: ({ machineId, paused }: { readonly machineId: string; readonly paused: boolean }): Promise<void> =>
      keepPause(mdb, machineId, paused),
    /** Orders what a payload asked for; null, or the sentence that refuses it. */
    async orderByPayload({ machineId, id, order }: PayloadInput): Promise<string | null> {
      const { passageRequest, notBefore, by } = order;
      const placed = await placeOrder(
        mdb,
        // Who names nobody is BrainSlug itself, on the machine or for it.
        by === null ? { class: 'node', name: 'brainslug' } : { class: 'user', name: by },
        {
          id,
          machineId,
          passageRequest,
          reason: 'BrainSlug asked for it',
          class: null,
          dryRun: false,
          reviewed: null,
          notBefore: notBefore === null ? null : new Date(notBefore),
          deadline: null,
        },
      );
      return isRefused(placed) ? placed.message : null;
    },
  };
}

export type OrderActivities = ReturnType<typeof createOrderActivities>;
