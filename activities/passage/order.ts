import { ApplicationFailure } from '@temporalio/common';
import {
  type EndInput,
  type MachineState,
  noOrder,
  type PassageReference,
  type StepStart,
} from '../../contract/passage.ts';
import type { BegunPassage, Taken } from '../../contract/past.ts';
import { type Actor, acting, record, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { brokenPassage } from '../../mdb/machines/hold.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { readPast } from '../../mdb/orders/past.ts';
import * as people from '../../mdb/people/people.ts';
import { lookAfterPermits } from '../../mdb/permits/permits.ts';

/** Who moves a machine's state in a passage. */
export function actorOf({ passage: name, epoch }: Pick<PassageReference, 'passage' | 'epoch'>): Actor {
  return { class: 'system', name, epoch };
}

/** What a summary tells of the machine. */
export function stateOf(machine: passage.OrderedMachineRow): MachineState {
  const { stage, opState, bootState, rackId, pool, sku } = machine;
  return { stage, opState, bootState, rack: rackId, pool, sku };
}

/** Takes the order: it runs from now on, with a fence of its own for whatever it does to hardware. */
export function beginPassage(mdb: Mdb, input: PassageReference & { next: StepStart }): Promise<BegunPassage> {
  const { machineId, orderId, next } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    await mustBeOrdered(tx, input);
    const machine = await passage.lockMachine(tx, machineId);
    const order = await passage.orderOf(tx, orderId);
    const common = {
      ...stateOf(machine),
      hostname: machine.hostname,
      dryRun: order.dryRun,
      reviewed: order.reviewed,
      class: order.class,
      requester: order.requester,
      requesterClass: order.requesterClass,
      request: order.request,
    };
    const begun = await passage.beginOrder(tx, orderId);
    if (typeof begun === 'string') return { ...common, live: false, why: begun, fence: 0, controller: false };
    return { ...common, ...(await take(tx, machine, order, begun, next)) };
  });
}

/** Throws for good when the order is none of this passage's: nothing is to be begun, and nothing to be ended. */
export async function mustBeOrdered(tx: Transaction, order: PassageReference): Promise<void> {
  const doubt = await passage.doubtOrder(tx, order);
  if (doubt !== null) throw ApplicationFailure.nonRetryable(doubt, noOrder);
}

/**
 * Raises the fence, so that of several runs only the latest acts, and begins the first step. One that is begun again is
 * given what the earlier run left, whose steps stay as they are.
 */
export async function take(
  tx: Transaction,
  machine: passage.OrderedMachineRow,
  order: Awaited<ReturnType<typeof passage.orderOf>>,
  { epoch, again }: passage.BegunOrder,
  first: StepStart,
): Promise<Taken> {
  const past = again ? await readPast(tx, machine, order) : null;
  const fence = await passage.raiseFence(tx, machine.id);
  if (past === null || (past.at === null && past.ended.length === 0)) await passage.beginStep(tx, order.id, first);
  const controller = await passage.hasController(tx, machine.id);
  return { live: true, fence, controller, epoch, ...(past && { past }) };
}

/** One step ends and the next begins, in one transaction. */
export function beginNextStep(
  mdb: Mdb,
  input: PassageReference & { ended: string; message?: string; next: StepStart },
): Promise<void> {
  const { orderId, ended, message, next } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    await passage.settleStep(tx, orderId, ended, 'done', message === undefined ? {} : { message });
    await passage.beginStep(tx, orderId, next);
  });
}

/** The machine booted anew in the middle of a step: the step's row says so. */
export function noteReboot(mdb: Mdb, input: PassageReference & { step: string }): Promise<void> {
  return acting(mdb, actorOf(input), input.orderId, async (tx) => {
    await passage.settleStep(tx, input.orderId, input.step, 'failed', {
      message: 'The machine booted anew in this step; it starts over from its inventory.',
    });
  });
}

/** Ends the order. One that is held is left for a person, and its agent, if one listens, is told to hold. */
export function finishOrder(mdb: Mdb, input: EndInput): Promise<MachineState> {
  const { machineId, orderId, state, outcome, skipped, hold } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    await passage.endOrder(tx, orderId, state, outcome, skipped);
    await people.closeLeftOver(tx, orderId, state);
    // A row that turned out to be another machine is nobody's to look at.
    if (hold && machine.stage !== 'retired') await holdMachine(tx, input);
    await record(tx, {
      actor: actorOf(input),
      action: `${input.passage}.${state}`,
      machineId,
      orderId,
      detail: { outcome },
    });
    return stateOf(machine);
  });
}

async function holdMachine(tx: Transaction, { machineId, passage: name, state, outcome }: EndInput): Promise<void> {
  const held = `The ${name} ${state === 'cancelled' ? 'was cancelled' : state}: ${outcome}`;
  await passage.updateMachine(tx, machineId, { held, directive: { do: 'hold', reason: held } });
}

/**
 * A passage that broke (a bug, or somebody terminated it): the order fails, a ticket says why, and the machine is held.
 * One whose order is none, or had ended before, leaves everything as it is.
 */
export function breakOff(mdb: Mdb, input: PassageReference & { note: string }): Promise<MachineState> {
  const { machineId, orderId, note } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    // Told again of an order that has ended in between, or that is none, it is nobody's trouble.
    if ((await passage.doubtOrder(tx, input)) !== null) return stateOf(machine);
    if (!(await passage.endOrder(tx, orderId, 'failed', note))) return stateOf(machine);
    await people.closeLeftOver(tx, orderId, 'failed');
    await lookAfterPermits(tx, orderId);
    await people.openTicket(tx, {
      machineId,
      fault: brokenPassage,
      title: `${machineId}: a passage broke off`,
      body: note,
      id: `T-${orderId}-broken`,
    });
    await passage.updateMachine(tx, machineId, { held: note });
    await record(tx, { actor: actorOf(input), action: 'order.broken', machineId, orderId, detail: { note } });
    return stateOf(machine);
  });
}
