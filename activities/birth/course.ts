import { type BeginResult, type BirthStep, birthSteps, type Errand, type StepStart } from '../../contract/birth.ts';
import type { PassageSummary } from '../../contract/machine.ts';
import { type Actor, acting, record, type Transaction } from '../../mdb/acting.ts';
import { claimAnnounced } from '../../mdb/announced.ts';
import type { Mdb } from '../../mdb/connect.ts';
import * as passage from '../../mdb/passage.ts';
import * as people from '../../mdb/people.ts';

/** Who moves a machine's state in a birth. */
export const birthActor: Actor = { class: 'system', name: 'birth' };

export function stepRow(start: StepStart): passage.StepRow {
  return { step: start.step, ordinal: ordinalOf(start.step), owner: start.owner, limit: start.limit };
}

/** Steps of the passage stand at tens, so that the agent's own steps sort between them. */
export function ordinalOf(step: BirthStep): number {
  return (birthSteps.indexOf(step) + 1) * 10;
}

/**
 * Takes the order: it runs from now on, with a fence of its own for whatever it does to hardware. A machine that has
 * been through an order before goes back to the beginning of the belt, and its next boot gets the bootstrap image.
 */
export function beginBirth(mdb: Mdb, input: Errand & { next: StepStart }): Promise<BeginResult> {
  const { machineId, orderId } = input;
  return acting(mdb, birthActor, orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    if (!(await passage.beginOrder(tx, orderId))) return { live: false, fence: 0, controller: false, boot: false };
    await claimAnnounced(tx, machineId);
    const fence = await passage.raiseFence(tx, machineId);
    await passage.beginStep(tx, orderId, stepRow(input.next));
    const controller = await passage.hasController(tx, machineId);
    const anew = await passage.hadEarlierOrder(tx, machineId, orderId);
    if (anew && !(await passage.stepEnded(tx, orderId, 'rack'))) await backToTheStart(tx, machineId, controller);
    const seen = machine.lastSeenAt !== null || machine.bootstraps > 0;
    return { live: true, fence, controller, boot: anew || !seen };
  });
}

async function backToTheStart(tx: Transaction, machineId: string, controller: boolean): Promise<void> {
  await passage.updateMachine(tx, machineId, {
    bootState: 'birth',
    opState: 'disabled',
    stage: 'racked',
    inServiceAt: null,
    held: null,
    // An agent that still listens reboots by itself; with a controller the passage powers the machine.
    directive: controller ? { do: 'wait' } : { do: 'reboot' },
  });
}

/** The machine booted anew in the middle of a step: the step's row says so. */
export function noteReboot(mdb: Mdb, input: Errand & { step: BirthStep }): Promise<void> {
  return acting(mdb, birthActor, input.orderId, async (tx) => {
    await passage.settleStep(tx, input.orderId, input.step, 'failed', {
      message: 'The machine booted anew in this step; it starts over from its inventory.',
    });
  });
}

/** Ends the order without success; the agent, if one listens, is told to hold. */
export function endOrder(mdb: Mdb, input: Errand & { state: 'failed' | 'cancelled'; outcome: string }): Promise<void> {
  const { machineId, orderId, state, outcome } = input;
  return acting(mdb, birthActor, orderId, async (tx) => {
    await passage.lockMachine(tx, machineId);
    await passage.endOrder(tx, orderId, state, outcome);
    await people.closeLeftOver(tx, orderId, state);
    const held = `The birth ${state === 'failed' ? 'failed' : 'was cancelled'}: ${outcome}`;
    await passage.updateMachine(tx, machineId, { held, directive: { do: 'hold', reason: held } });
    await record(tx, { actor: birthActor, action: `birth.${state}`, machineId, orderId, detail: { outcome } });
  });
}

/** A passage that broke (a bug, or a kind this version lacks): the order fails and a ticket says why. */
export function breakOff(
  mdb: Mdb,
  input: Errand & { note: string },
): Promise<Pick<PassageSummary, 'stage' | 'opState' | 'bootState'>> {
  const { machineId, orderId, note } = input;
  return acting(mdb, birthActor, orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    await passage.endOrder(tx, orderId, 'failed', note);
    await people.closeLeftOver(tx, orderId, 'failed');
    await people.openTicket(tx, {
      machineId,
      fault: 'passage/broken',
      title: `${machineId}: a passage broke off`,
      body: note,
      id: `T-${orderId}-broken`,
    });
    await passage.updateMachine(tx, machineId, { held: note });
    await record(tx, { actor: birthActor, action: 'order.broken', machineId, orderId, detail: { note } });
    return { stage: machine.stage, opState: machine.opState, bootState: machine.bootState };
  });
}
