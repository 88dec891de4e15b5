import type { AdoptionSeen } from '../../domain/adoption.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { settleAdoption } from '../../mdb/identity/adopting.ts';
import type { createAdoptionLook } from './look.ts';

/** What of an adoption the MDB's transactions are. */
export function createAdoptionActivities(mdb: Mdb) {
  return {
    endAdoption: ({ adoptionId, seen }: { readonly adoptionId: string; readonly seen: AdoptionSeen }) =>
      settleAdoption(mdb, adoptionId, seen),
  };
}

export type AdoptionActivities = ReturnType<typeof createAdoptionActivities>;
export type AdoptionLooks = ReturnType<typeof createAdoptionLook>;
