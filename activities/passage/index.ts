import type { Mdb } from '../../mdb/connect.ts';
import { beginPassage, breakOff, finishOrder, noteReboot, turnTo } from './course.ts';
import { askPeople, recordAnswer, recordIgnored, remindPeople } from './people.ts';
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
    endOrder: bind(finishOrder),
    breakOff: bind(breakOff),
    openHumanStep: bind(askPeople),
    remindHumanStep: bind(remindPeople),
    closeHumanStep: bind(recordAnswer),
    keepIgnored: bind(recordIgnored),
  };
}

export type PassageActivities = ReturnType<typeof createPassageActivities>;
