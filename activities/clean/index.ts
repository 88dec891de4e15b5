import type { Mdb } from '../../mdb/connect.ts';
import { bindAll } from '../bind.ts';
import { bootClean, directErase, planClean } from './erase.ts';
import { directReinstall } from './install.ts';
import { proveErased } from './prove.ts';

/** The clean's transactions on the MDB. Each may run more than once; none touches hardware. */
export function createCleanActivities(mdb: Mdb) {
  return bindAll(mdb, {
    bootClean,
    planClean,
    directErase,
    proveErased,
    directReinstall,
  });
}

export type CleanActivities = ReturnType<typeof createCleanActivities>;
