import type { Severity } from '../../domain/requests.ts';
import { returnToService } from '../outage/return.ts';
import type { Effects } from '../passage/effects.ts';
import { definePassage } from '../passage/engine.ts';
import { done, type Ended, type StepResult } from '../passage/result.ts';
import { attempt, giveTime, takeAway } from './attempts.ts';
import { diagnose, inspect } from './diagnose.ts';
import { type RepairContext, repairFacts } from './facts.ts';
import { askHands, replacePart } from './people.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * Repair: what is known is gathered, and then attempts follow each other from the one that was asked for: observe,
 * restart, reset of the controller, power cycle, rebirth, hands, parts, retirement. What people declare mended is
 * verified by a burn-in, which the rebirth does that this passage hands on to.
 */
export const repair = definePassage('repair', {
  facts: repairFacts,
  powerTries: 2,
  steps: [
    {
      name: 'diagnose',
      does: 'gathers what is known of the fault and of what was tried before, and chooses where to begin',
      undo: 'nothing is to be undone: it only looks',
      owner: 'operations',
      // Reads of the MDB and one look at a controller that may be slow.
      limit: 15 * minute,
      run: diagnose,
      async resume(context, effects) {
        await inspect(context, effects);
      },
    },
    // The pool's soak time, and the ones below it with their drain, reboot and soak.
    {
      name: 'observe',
      does: 'watches whether the fault has gone by itself',
      undo: 'nothing is to be undone: it only looks',
      owner: 'operations',
      limit: hour,
      run: (...both) => attempt(...both, 'observe'),
    },
    {
      name: 'restart',
      does: 'drains it, restarts its system and watches whether the fault has gone',
      undo: 'before the restart it goes back into production; after it, it stays out until it is found well',
      owner: 'operations',
      limit: 8 * day,
      run: (...both) => attempt(...both, 'restart'),
    },
    {
      name: 'reset-bmc',
      does: 'restarts its controller, which its work does not notice, and watches whether the fault has gone',
      undo: 'nothing: a controller that was restarted runs again with its own settings',
      owner: 'hardware',
      limit: hour,
      run: (...both) => attempt(...both, 'reset-bmc'),
    },
    {
      name: 'power-cycle',
      does: 'drains it, takes its power away and gives it back, and watches whether the fault has gone',
      undo: 'before the power goes it goes back into production; after it, it stays out until it is found well',
      owner: 'hardware',
      limit: 8 * day,
      run: (...both) => attempt(...both, 'power-cycle'),
    },
    {
      name: 'rebirth',
      does: 'hands on to a rebirth, whose burn-in verifies what was done',
      undo: 'the rebirth is an order of its own: until the machine boots, cancelling that undoes it',
      owner: 'operations',
      limit: hour,
      run: (...both) => handOn(...both, 'rebirth'),
    },
    // Hands come in working hours, parts by post.
    {
      name: 'ticket',
      does: 'takes it out of production and asks hands to look at it',
      undo: 'what hands did is theirs to undo; it stays out of production until somebody answers',
      owner: 'hands',
      limit: 7 * day,
      run: byPeople(askHands),
      foresee: planPeople('ticket'),
    },
    {
      name: 'rma',
      does: 'has the part replaced that is broken, and takes its new serial number',
      undo: 'nothing: the old part is gone; it stays out of production until somebody answers',
      owner: 'hands',
      limit: 30 * day,
      run: byPeople(replacePart),
      foresee: planPeople('rma'),
    },
    {
      name: 'retire',
      does: 'hands on to its retirement, where nothing has mended it',
      undo: 'the retirement is an order of its own: until it erases, cancelling that undoes it',
      owner: 'operations',
      limit: hour,
      run: (...both) => handOn(...both, 'retire'),
    },
  ],
  finish: comeBack,
});

function byPeople(ask: (context: RepairContext, effects: Effects) => Promise<StepResult>) {
  return async (context: RepairContext, effects: Effects): Promise<StepResult> => {
    await giveTime(context);
    await takeAway(context, effects);
    return ask(context, effects);
  };
}

function planPeople(severity: Severity) {
  return async (_context: RepairContext, effects: Effects): Promise<StepResult> => {
    effects.plan?.(`and then ${severity}: a person`);
    return done('planned');
  };
}

/** Another order goes on: the rebirth whose burn-in verifies what was done, or the retirement. */
async function handOn(context: RepairContext, effects: Effects, to: 'rebirth' | 'retire'): Promise<Ended> {
  const { facts, request } = context;
  const { fault } = request;
  await giveTime(context);
  const lost = facts.keysLost ? ', on another board: the keys of its disks went with the old one' : '';
  const why = to === 'rebirth' ? `verifies the repair of ${fault}${lost}` : `given up: ${facts.seen}`;
  const id = await effects.repair.handOn({ to, fault, why });
  effects.turnBack();
  await effects.repair.endAttempt({ fault, attempt: to, outcome: 'handed-on', seen: id });
  return done(`handed on to ${id}: ${why}`);
}

/** Well again: back to where it came from, and no longer suspect. */
async function comeBack(context: RepairContext, effects: Effects): Promise<Ended> {
  effects.turnBack();
  const { acted } = context.facts;
  const note =
    acted === null ? 'false_positive: it cleared by itself, and nothing was done to it' : `healed by ${acted}`;
  const { opState, stage } = context.state;
  // One that a person keeps aside stays there, well or not.
  const stays = opState === 'production' || opState === 'intervention';
  const back = stage === 'repair' ? ({ stage: 'in_service' } as const) : {};
  await effects.outage.moveMachine({ ...back, repairState: 'none', held: null });
  if (!stays) await returnToService(context, effects);
  return done(note);
}
