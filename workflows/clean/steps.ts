import { bootLimitMs } from '../birth/boot.ts';
import { resumeOutOfService, takeOutOfService } from '../outage/takeout.ts';
import { planned, type Step } from '../passage/definition.ts';
import type { Effects } from '../passage/effects.ts';
import { next } from '../passage/result.ts';
import { boot, foreseeBoot } from './boot.ts';
import { erase, foreseeErase } from './erase.ts';
import { type CleanContext, type CleanFacts, wasInService } from './facts.ts';
import { prove } from './prove.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** What makes a machine's disks unreadable, with the proof. */
export const erasing: readonly Step<unknown, CleanFacts>[] = [
  {
    name: 'leave',
    does: 'takes it out of production when its groups can spare it, and waits for its work to end',
    undo: 'it goes back into production as it was, and its permits are given back',
    owner: 'operations',
    // A drain has its own limit, by pool; this only shows a step that is stuck.
    limit: 8 * day,
    /**
     * Out of production as soon as its groups can spare it, and its work ended. The permits are kept to the end: until
     * then its groups are one machine short.
     */
    async run(context, effects) {
      if (wasInService(context)) await takeOutOfService(context, effects, wayOut(context));
      return next;
    },
    async resume(context, effects) {
      if (wasInService(context)) await resumeOutOfService(context, effects, wayOut(context));
    },
  },
  {
    name: 'boot',
    does: 'has it boot the fast bootstrap image, by a power cycle or at its next reboot',
    undo: 'its boot state is healthy again, so that it boots its own disk; it stays held until a person has looked',
    owner: 'hands',
    limit: bootLimitMs,
    run: boot,
    foresee: foreseeBoot,
  },
  // A 20 TB disk of the spinning kind writes itself over in a day and a half.
  {
    name: 'erase',
    does: 'has the agent erase every disk, each by the method for its kind',
    undo: 'nothing can: what was erased stays so, and it stays out of service',
    owner: 'hardware',
    limit: 3 * day,
    run: erase,
    foresee: foreseeErase,
  },
  {
    name: 'prove',
    does: 'checks that there is a proof for each disk ever seen in it',
    undo: 'nothing can: the disks are erased, and the proofs are kept',
    owner: 'hardware',
    limit: 10 * minute,
    run: prove,
    foresee: planned('the proof that each disk ever seen in it is erased'),
  },
];

function wayOut({ facts: { request, before } }: CleanContext) {
  return { semaphores: request.semaphores, back: before === 'production' };
}

/** A machine whose disks were not touched may boot them again; whether it runs, somebody has to look: it stays held. */
export async function leaveUntouched({ facts, state }: CleanContext, effects: Effects): Promise<void> {
  if (facts.touched) effects.undoBy(null);
  else if (state.bootState === 'clean') await effects.outage.moveMachine({ bootState: 'healthy' });
}

/** A machine that booted anew is erased, or installed once it is proven. */
export function afterBoot(installs: 'deploy' | 'prove') {
  return ({ facts }: CleanContext): string => (facts.proven ? installs : 'erase');
}
