import type { Ledger, TakenNode } from '../../integrations/schedulers/drain.ts';

/** What the MDB keeps of one node that orders of this id take, without an MDB. */
export function ledgerOf(orderId: string): Ledger {
  let taken: TakenNode | null = null;
  return {
    read: async () => taken,
    take: async () => {
      taken = { orderId, endedAt: null };
    },
    end: async () => {
      if (taken?.endedAt === null) taken = { ...taken, endedAt: new Date() };
    },
  };
}
