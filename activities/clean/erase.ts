import type { CleanBoot, CleanMove, EraseDirected, EraseInput } from '../../contract/clean.ts';
import type { OperatorAnswer, PassageReference } from '../../contract/passage.ts';
import { describeAbsent, unbornHeld, unerased } from '../../domain/clean/held.ts';
import { planErase } from '../../domain/clean/plan.ts';
import { judgeErasing } from '../../domain/clean/proof.ts';
import { type EraseMethod, eraseMethods } from '../../domain/machine.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import { requestOf } from '../../domain/requests.ts';
import { acting, record, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { disksToErase, identityChanged } from '../../mdb/machines/erasing.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { readPool } from '../../mdb/service/pools.ts';
import { directTo } from '../birth/deploy.ts';
import { actorOf, stateOf } from '../passage/order.ts';

/** Lets the machine's next boot get the fast image at its permanent address. Nothing is touched yet. */
export function bootClean(mdb: Mdb, input: CleanMove): Promise<CleanBoot> {
  const { machineId, orderId, next } = input;
  return acting(mdb, actorOf(input), orderId, async (tx): Promise<CleanBoot> => {
    const machine = await passage.lockMachine(tx, machineId);
    const unborn = machine.bootState !== 'healthy' && machine.bootState !== 'clean';
    if (unborn || machine.stage === 'retired') return { question: unbornHeld(machine) };
    const inService = machine.stage === 'in_service';
    await passage.updateMachine(tx, machineId, {
      bootState: 'clean',
      opState: 'disabled',
      ...(inService ? { stage: 'maintenance' } : {}),
      bootstraps: 0,
      held: null,
      directive: { do: 'wait' },
    });
    await passage.settleStep(tx, orderId, 'leave', 'done');
    await passage.beginStep(tx, orderId, next);
    return { state: stateOf(await passage.lockMachine(tx, machineId)) };
  });
}

/**
 * Tells the agent which disks to erase and how: those in the machine without proof, and no other. From now on the
 * machine has nothing that could be put back into service.
 */
export function directErase(mdb: Mdb, input: EraseInput): Promise<EraseDirected> {
  const { machineId, orderId, next, answer, known } = input;
  return acting(mdb, actorOf(input), orderId, async (tx): Promise<EraseDirected> => {
    const machine = await passage.lockMachine(tx, machineId);
    const doubt = known ? null : await findUnknownMachine(tx, input);
    const method = await methodOf(tx, input, answer);
    if (doubt !== null || typeof method === 'object')
      return { question: doubt ?? (method as { question: OperatorQuestion }).question };
    const disks = await disksToErase(tx, machineId, orderId);
    const missing = new Set(judgeErasing(disks).missing.map(({ serial }) => serial));
    const pool = await readPool(tx, machine.pool);
    const spec = { method: method === 'policy' ? null : method, pool };
    const targets = planErase(
      disks.filter(({ serial }) => missing.has(serial)),
      machine,
      spec,
    );
    await passage.settleStep(tx, orderId, 'boot', 'done');
    await passage.beginStep(tx, orderId, next);
    const change = { stage: 'registered', held: null, observedImage: null, inServiceAt: null } as const;
    if (targets.length === 0) await passage.updateMachine(tx, machineId, change);
    else {
      const { mark, keyFingerprint: key } = machine;
      await directTo(tx, machine, change, { do: 'erase', disks: targets, seed: orderId.slice(0, 64), mark, key });
      await record(tx, {
        actor: actorOf(input),
        action: 'clean.erase',
        machineId,
        orderId,
        detail: { disks: targets, by: answer?.by },
      });
    }
    return { state: stateOf(await passage.lockMachine(tx, machineId)), disks: targets.length };
  });
}

/** A machine that shows another serial number or UUID than before may be another machine. */
async function findUnknownMachine(
  tx: Transaction,
  { machineId, orderId }: PassageReference,
): Promise<OperatorQuestion | null> {
  if (!(await identityChanged(tx, machineId, orderId))) return null;
  const reason =
    'Since this clean began it shows another serial number or UUID than before: its board was swapped, or it is another machine. Answer "erase" only if its disks may be lost.';
  return { fault: 'clean/identity', reason, choices: ['erase', 'retry', 'abandon'] };
}

/** A method that a person or the order names for all disks, or `policy` for the pool's. */
async function methodOf(
  tx: Transaction,
  { orderId }: PassageReference,
  answer: OperatorAnswer | undefined,
): Promise<EraseMethod | 'policy' | { question: OperatorQuestion }> {
  const named = /^method:(.*)$/.exec(answer?.answer ?? '')?.[1];
  if (named === undefined) return requestOf('clean', (await passage.orderOf(tx, orderId)).request).method ?? 'policy';
  const method = eraseMethods.find((one) => one === named);
  return method ?? { question: unerased(`"${named}" is no method of erasing`) };
}

/** What a clean would do to the machine's disks as the MDB knows them, a line a disk. */
export function planClean(mdb: Mdb, input: PassageReference): Promise<readonly string[]> {
  const { machineId, orderId } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    const { method } = requestOf('clean', (await passage.orderOf(tx, orderId)).request);
    const disks = await disksToErase(tx, machineId, orderId);
    const pool = await readPool(tx, machine.pool);
    const targets = planErase(
      disks.filter((disk) => disk.present),
      machine,
      { method, pool },
    );
    return [
      ...targets.map((target) => `erase disk ${target.serial} by ${target.method}`),
      ...disks
        .filter((disk) => !disk.present && !disk.vouched)
        .map((disk) => `ask a person about ${describeAbsent(disk)}`),
    ];
  });
}
