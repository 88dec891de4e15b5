import type { Mdb } from '../../mdb/connect.ts';
import { bindAll } from '../bind.ts';
import { beginNextStep, beginPassage, breakOff, finishOrder, noteReboot } from './order.ts';
import { askPeople, recordAnswer, recordIgnored, remindPeople } from './people.ts';
import { keepPlan } from './plan.ts';

/**
 * The transactions on the MDB that every passage makes. Each may run more than once: a repetition finds what the first
 * did and returns the same. None touches hardware.
 */
export function createPassageActivities(mdb: Mdb) {
  return bindAll(mdb, {
    beginPassage,
    beginNextStep,
    keepPlan,
    noteReboot,
    endOrder: finishOrder,
    breakOff,
    openHumanStep: askPeople,
    remindHumanStep: remindPeople,
    closeHumanStep: recordAnswer,
    keepIgnored: recordIgnored,
  });
}

export type PassageActivities = ReturnType<typeof createPassageActivities>;
