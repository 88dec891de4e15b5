import { ApplicationFailure } from '@temporalio/common';
import type { MoveInput } from '../../contract/outage.ts';
import type { MachineState } from '../../contract/passage.ts';
import { type Edge, judgeMove } from '../../domain/flows.ts';
import type { ActorClass } from '../../domain/machine.ts';
import { type Actor, acting, record, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { stateOf } from '../passage/order.ts';

/**
 * Moves the machine: its state along an edge of its flow and by whom that edge is for, the other columns along a legal
 * one. The audit names who; any other move changes nothing and fails for good.
 */
export function moveMachine(mdb: Mdb, input: MoveInput): Promise<MachineState> {
  const { machineId, orderId } = input;
  const {
    by,
    passage: _,
    siteId: __,
    machineId: ___,
    orderId: ____,
    epoch: _____,
    flow,
    trigger,
    ...wanted
  } = { ...noMove, ...input };
  const { epoch } = input;
  return acting(mdb, { class: 'system', name: by ?? input.passage, epoch }, orderId, async (tx) => {
    const mover = await moverOf(tx, input);
    const actor: Actor = { class: mover ?? 'system', name: by ?? input.passage, epoch };
    const machine = await passage.lockMachine(tx, machineId);
    const changes = Object.entries(wanted).filter(([name, value]) => machine[name as keyof typeof machine] !== value);
    if (changes.length === 0) return stateOf(machine);
    const edge = edgeOf(input, machine, mover);
    const change = Object.fromEntries(changes);
    await passage.updateMachine(tx, machineId, change);
    await record(tx, {
      actor: { ...actor, ...(edge && { class: edge.actor }) },
      action: 'machine.moved',
      machineId,
      orderId,
      detail: { ...change, ...(edge && { from: edge.from, flow, trigger }) },
    });
    return stateOf({ ...machine, ...change });
  });
}

/** Whose word a move is; null for Farrier's own. Who ordered it may have been Farrier itself, whatever its name is. */
async function moverOf(tx: Transaction, { by, machineId, orderId }: MoveInput): Promise<ActorClass | null> {
  if (by === undefined) return null;
  if (by === machineId) return 'node';
  const order = await passage.requesterOf(tx, orderId);
  return order?.requester === by ? order.class : 'user';
}

const noMove = { flow: undefined, trigger: undefined };

/** The edge that its state goes; null where that stays. A move may be asked for again after it was made. */
function edgeOf(input: MoveInput, { opState: from }: passage.OrderedMachineRow, mover: ActorClass | null): Edge | null {
  if (input.opState === undefined || input.opState === from) return null;
  const { opState: to, flow, trigger } = input;
  const edge = judgeMove({ from, to, flow, trigger }, mover);
  if (typeof edge === 'string')
    throw ApplicationFailure.nonRetryable(`${input.machineId} is not moved: ${edge}`, 'NoEdge');
  return edge;
}
