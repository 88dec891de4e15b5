import type { Mdb } from '../../mdb/connect.ts';
import { bindAll } from '../bind.ts';
import { beginBirth, setRebirth, unsetRebirth } from './begin.ts';
import { acceptInstall, directInstall } from './deploy.ts';
import { finishBirth } from './finish.ts';
import { settleNewcomer } from './newcomer.ts';
import { decideProfile, startProfile } from './profile.ts';
import { registerMachine } from './register.ts';

/**
 * The birth's transactions on the MDB. Each may run more than once: a repetition finds what the first did and
 * returns the same. None touches hardware.
 */
export function createBirthActivities(mdb: Mdb) {
  return bindAll(mdb, {
    beginBirth,
    setRebirth,
    unsetRebirth,
    settleNewcomer,
    register: registerMachine,
    startProfile,
    decideProfile,
    directInstall,
    acceptInstall,
    finishBirth,
  });
}

export type BirthActivities = ReturnType<typeof createBirthActivities>;
