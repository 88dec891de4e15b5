import type { Mdb } from '../../mdb/connect.ts';
import { beginBirth, setRebirth, unsetRebirth } from './course.ts';
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
  const bind =
    <Input, Output>(activity: (mdb: Mdb, input: Input) => Promise<Output>) =>
    (input: Input) =>
      activity(mdb, input);
  return {
    beginBirth: bind(beginBirth),
    setRebirth: bind(setRebirth),
    unsetRebirth: bind(unsetRebirth),
    settleNewcomer: bind(settleNewcomer),
    register: bind(registerMachine),
    startProfile: bind(startProfile),
    decideProfile: bind(decideProfile),
    directInstall: bind(directInstall),
    acceptInstall: bind(acceptInstall),
    finishBirth: bind(finishBirth),
  };
}

export type BirthActivities = ReturnType<typeof createBirthActivities>;
