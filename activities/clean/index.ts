import type { Mdb } from '../../mdb/connect.ts';
import { bootClean, directErase, planClean } from './erase.ts';
import { directReinstall } from './install.ts';
import { proveErased } from './prove.ts';

/** The clean's transactions on the MDB. Each may run more than once; none touches hardware. */
export function createCleanActivities(mdb: Mdb) {
  const bind =
    <Input, Output>(activity: (mdb: Mdb, input: Input) => Promise<Output>) =>
    (input: Input) =>
      activity(mdb, input);
  return {
    bootClean: bind(bootClean),
    planClean: bind(planClean),
    directErase: bind(directErase),
    proveErased: bind(proveErased),
    directReinstall: bind(directReinstall),
  };
}

export type CleanActivities = ReturnType<typeof createCleanActivities>;
