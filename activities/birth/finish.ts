import { setTimeout as pause } from 'node:timers/promises';
import { imageSystemOf, imageSystems } from '../../boot/imagesystem/index.ts';
import type { FinishResult } from '../../contract/birth.ts';
import type { OperatorAnswer, PassageReference } from '../../contract/passage.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import { requestOf, standardRequests } from '../../domain/requests.ts';
import { acting, record, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { insertOrder } from '../../mdb/orders/orders.ts';
import * as passage from '../../mdb/orders/passage.ts';
import * as position from '../../mdb/places/position.ts';
import { actorOf } from '../passage/order.ts';

type Finishing = PassageReference & { readonly answer?: OperatorAnswer };

// The birther writes its counts each second: what a machine was answered before its report is in the MDB after that.
const countsSeconds = 3;

/**
 * The readiness gate: the machine is in service only when what is known of it satisfies its image system. The order
 * ends with it. A person who answers `accept` lets it pass, which stays in the audit.
 */
export async function finishBirth(mdb: Mdb, input: Finishing): Promise<FinishResult | { question: OperatorQuestion }> {
  for (let second = 0; ; second += 1) {
    const tried = await tryFinish(mdb, input);
    if (!('question' in tried)) return tried;
    if (tried.bootedLocally || second === countsSeconds) return { question: tried.question };
    await pause(1000);
  }
}

function tryFinish(
  mdb: Mdb,
  input: Finishing,
): Promise<FinishResult | { question: OperatorQuestion; bootedLocally: boolean }> {
  const { machineId, siteId, orderId, answer } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    const accepted = answer?.answer === 'accept' ? { acceptedBy: answer.by } : null;
    if (machine.stage !== 'in_service') {
      const doubt = accepted ? null : await gate(tx, machine, orderId);
      if (doubt !== null) return doubt;
      await passage.updateMachine(tx, machineId, {
        stage: 'in_service',
        opState: 'production',
        inServiceAt: new Date(),
        held: null,
        temporaryAddress: null,
        directive: { do: 'wait' },
      });
      // The temporary address is free only now: until the hand-over the agent still used it.
      await position.releaseAddresses(tx, machineId, await position.networksOfKind(tx, siteId, 'birth'));
      await passage.settleStep(tx, orderId, 'ready', 'done');
    }
    // Of a rebirth, the machine's row holds when it was last in service before.
    const inServiceAt = (machine.stage === 'in_service' && machine.inServiceAt) || new Date();
    const seconds = Math.round((inServiceAt.getTime() - (await passage.orderedAt(tx, orderId)).getTime()) / 1000);
    await passage.endOrder(tx, orderId, 'done', `in service after ${seconds} s`);
    await backToRepair(tx, machine, input);
    if (machine.stage !== 'in_service') {
      const detail = { seconds, hostname: machine.hostname, ...accepted };
      await record(tx, { actor: actorOf(input), action: `${input.passage}.done`, machineId, orderId, detail });
    }
    return { stage: 'in_service', opState: 'production', bootState: machine.bootState, seconds };
  });
}

/** A rebirth that was to verify a repair, and whose burn-in says otherwise: the repair goes on, with hands. */
async function backToRepair(tx: Transaction, machine: passage.OrderedMachineRow, input: Finishing): Promise<void> {
  if (input.passage !== 'rebirth' || machine.repairState === 'none') return;
  const { request } = await passage.orderOf(tx, input.orderId);
  const { verifies } = requestOf('rebirth', request);
  const id = `repair-of-${input.orderId}`.slice(0, 63);
  if (verifies === null || (await passage.isOrdered(tx, id))) return;
  const reason = `the burn-in after the repair of ${verifies} did not pass`;
  const passageRequest = {
    passage: 'repair',
    request: { ...standardRequests.repair, fault: verifies, severity: 'ticket', evidence: reason },
  } as const;
  const none = { dryRun: false, reviewed: null, notBefore: null, deadline: null };
  await insertOrder(tx, actorOf(input), id, {
    machineId: machine.id,
    passageRequest,
    reason,
    class: 'repair',
    ...none,
  });
}

async function gate(tx: Transaction, machine: passage.OrderedMachineRow, orderId: string) {
  const { requiredImage, observedImage, bootState, hostname, address } = machine;
  const { policy } = await passage.siteOf(tx, machine.siteId);
  const listed = bootState === 'healthy' && hostname !== null && address !== null;
  const bootedLocally = await passage.bootedLocally(tx, machine.id, orderId);
  const system = imageSystems[imageSystemOf(machine.directive, policy)];
  const question = system.judge({ requiredImage, observedImage, listed, bootedLocally });
  return question === null ? null : { question, bootedLocally };
}
