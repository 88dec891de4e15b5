import type { BeginResult } from '../../contract/birth.ts';
import type { PassageReference, StepStart } from '../../contract/passage.ts';
import { isLegalEdge } from '../../domain/machine.ts';
import { acting, record, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { claimAnnounced } from '../../mdb/identity/announced.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { leaveProduction } from '../../mdb/service/capacity.ts';
import { actorOf, mustBeOrdered, take } from '../passage/order.ts';

/**
 * Takes the order: it runs from now on, with a fence of its own for whatever it does to hardware. A machine that has
 * been through an order before goes back to stage *racked*, and its next boot gets the bootstrap image.
 */
export function beginBirth(
  mdb: Mdb,
  input: PassageReference & { next: StepStart; permitted?: true },
): Promise<BeginResult> {
  const { machineId, orderId, permitted = false } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    await mustBeOrdered(tx, input);
    const machine = await passage.lockMachine(tx, machineId);
    const order = await passage.orderOf(tx, orderId);
    const waits = machine.opState === 'production' && !permitted;
    // Nothing of it has begun while it waits for its permits, and what may not leave asks for none.
    if (waits && order.state !== 'waiting' && order.state !== 'running') return notLive;
    if (waits && (await leaveProduction(tx, { machineId, to: 'disabled', dryRun: true })).left)
      return { ...notLive, live: true, leaves: true };
    const begun = await passage.beginOrder(tx, orderId);
    if (typeof begun === 'string') return { ...notLive, why: begun };
    // A birth of a machine in service takes it out of production like anything else does.
    const takeOut = await leaveProduction(tx, { machineId, to: 'disabled' });
    if (!takeOut.left) {
      const why = `refused: ${takeOut.held}`;
      await passage.endOrder(tx, orderId, 'failed', why, true);
      return { ...notLive, why };
    }
    await claimAnnounced(tx, machineId);
    const taken = await take(tx, machine, order, begun, input.next);
    const anew = await passage.hadEarlierOrder(tx, machineId, orderId);
    // The run before did it already, and the agent may have come up since.
    if (anew && !begun.again) await backToTheStart(tx, machineId, taken.controller);
    const seen = machine.lastSeenAt !== null || machine.bootstraps > 0;
    const request =
      machine.resembles === null ? {} : { newcomer: machine.held ?? `It looks like ${machine.resembles}.` };
    return { ...taken, boot: anew || !seen, ...request };
  });
}

const notLive: BeginResult = { live: false, fence: 0, controller: false, boot: false };

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

/** The machine's next boot gets the bootstrap image; null, or why it can't. A rehearsal only asks. */
export function setRebirth(
  mdb: Mdb,
  input: PassageReference & { wipe: boolean; dryRun: boolean },
): Promise<string | null> {
  const { machineId, orderId, wipe, dryRun } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    if (!isLegalEdge('boot_state', machine.bootState, 'rebirth'))
      return `a machine whose boot state is ${machine.bootState} can't be reborn`;
    if (machine.stage !== 'in_service' && machine.stage !== 'maintenance' && machine.stage !== 'repair')
      return `it is at stage ${machine.stage}, before its first service: that takes a birth`;
    if (dryRun) return null;
    await passage.updateMachine(tx, machineId, {
      bootState: 'rebirth',
      bootstraps: 0,
      directive: { do: 'wait' },
      ...(wipe && { wipeReason: `order ${orderId}` }),
    });
    await record(tx, { actor: actorOf(input), action: 'rebirth.set', machineId, orderId });
    return null;
  });
}

/** A rebirth that ended before the machine rebooted leaves it as it was. */
export function unsetRebirth(mdb: Mdb, input: PassageReference): Promise<void> {
  const { machineId, orderId } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    if (machine.bootState !== 'rebirth') return;
    await passage.updateMachine(tx, machineId, { bootState: 'healthy', bootstraps: 0 });
    await record(tx, { actor: actorOf(input), action: 'rebirth.unset', machineId, orderId });
  });
}
