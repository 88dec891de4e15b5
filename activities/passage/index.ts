import type { Mdb } from '../../mdb/connect.ts';
import { beginPassage, breakOff, endOrder, noteReboot, turnTo } from './course.ts';
import { closeHumanStep, keepIgnored, openHumanStep, remindHumanStep } from './people.ts';
import { keepPlan } from './plan.ts';

/**
 * The transactions on the MDB that every passage makes. Each may run more than once: a repetition finds what the first
 * did and returns the same. None touches hardware.
 */
export function createPassageActivities(mdb: Mdb) {
  const bind =
    <Input, Output>(activity: (mdb: Mdb, input: Input) => Promise<Output>) =>
    (input: Input) =>
      activity(mdb, input);
  return {
    beginPassage: bind(beginPassage),
    turnTo: bind(turnTo),
    keepPlan: bind(keepPlan),
    noteReboot: bind(noteReboot),
    endOrder: bind(endOrder),
    breakOff: bind(breakOff),
    openHumanStep: bind(openHumanStep),
    remindHumanStep: bind(remindHumanStep),
    closeHumanStep: bind(closeHumanStep),
    keepIgnored: bind(keepIgnored),
  };
}

export type PassageActivities = ReturnType<typeof createPassageActivities>;
