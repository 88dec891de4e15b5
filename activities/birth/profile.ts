import type { ProfileResult, ProfileStart } from '../../contract/birth.ts';
import type { PassageReference, StepStart } from '../../contract/passage.ts';
import { judgeBurnin } from '../../domain/birth/burnin.ts';
import { choiceVersion, chooseImage, type ImageFacts } from '../../domain/birth/image.ts';
import type { BurninLimits } from '../../domain/birth/limits.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import { acting, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import * as parts from '../../mdb/machines/parts.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { actorOf } from '../passage/order.ts';
import { directTo, installDirective } from './deploy.ts';

const minute = 60_000;

/** Burn-in ids follow from the order, so that a repeated start finds the first one's row. */
export function burninIdOf(orderId: string): string {
  return `burnin-${orderId}`;
}

async function limitsOf(
  tx: Transaction,
  machine: passage.OrderedMachineRow,
): Promise<{ id: string; burnin: BurninLimits }> {
  const profile = (await parts.allProfiles(tx)).find((one) => one.id === machine.profileId);
  if (!profile) throw new Error(`machine ${machine.id} has no profile ${machine.profileId ?? ''}`);
  return profile;
}

/** Tells the agent to burn in, unless this order has its verdict already: a machine that rebooted is not tested twice. */
export function startProfile(mdb: Mdb, input: PassageReference & { next: StepStart }): Promise<ProfileStart> {
  const { machineId, orderId, next } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    const { id: profileId, burnin: limits } = await limitsOf(tx, machine);
    const burnin = await parts.burninOf(tx, orderId);
    await passage.settleStep(tx, orderId, 'configure', 'done');
    const limit = limits.capSeconds * 1000 + 15 * minute;
    await passage.beginStep(tx, orderId, { ...next, limit });
    const known = burnin?.verdict != null;
    if (!known) await parts.openBurnin(tx, { id: burninIdOf(orderId), machineId, orderId, profileId });
    await passage.updateMachine(tx, machineId, {
      stage: 'configured',
      held: null,
      ...(!known && {
        directive: {
          do: 'burnin',
          burninId: burninIdOf(orderId),
          stressSeconds: limits.stressSeconds,
          capSeconds: limits.capSeconds,
        },
      }),
    });
    return { burnin: known ? 'known' : 'run', limit };
  });
}

/** Judges the burn-in, chooses the image, and tells the agent to install it. Inputs and rule version stay with the step. */
export function decideProfile(
  mdb: Mdb,
  input: PassageReference & { next: StepStart },
): Promise<ProfileResult | { question: OperatorQuestion }> {
  const { machineId, orderId, next } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    const { verdict, finding } = await verdictOf(tx, machine, orderId);
    const facts = await factsOf(tx, machine, verdict);
    const kind = chooseImage(facts);
    const image = await parts.preferredImage(tx, kind);
    if (image === null) {
      return {
        question: {
          fault: `profile/no-${kind}-image`,
          reason: `There is no ${kind} image to install; add one and answer "retry".`,
          choices: ['retry', 'abandon'],
        },
      };
    }
    const directive = await installDirective(tx, machine, image);
    if ('question' in directive) return directive;
    await directTo(
      tx,
      machine,
      {
        stage: 'profiled',
        requiredImage: image.id,
        repairState: verdict === 'pass' ? 'none' : 'failing',
        held: null,
      },
      directive.directive,
    );
    await passage.settleStep(tx, orderId, 'profile', 'done', {
      ...(finding !== null && { message: finding }),
      decision: { version: choiceVersion, ...facts, kind, image: image.id },
    });
    await passage.beginStep(tx, orderId, next);
    return { verdict, finding, image: image.id, imageKind: kind };
  });
}

async function verdictOf(tx: Transaction, machine: passage.OrderedMachineRow, orderId: string) {
  const burnin = await parts.burninOf(tx, orderId);
  if (!burnin) throw new Error(`order ${orderId} has no burn-in`);
  if (burnin.verdict !== null) return { verdict: burnin.verdict, finding: burnin.finding };
  const { burnin: limits } = await limitsOf(tx, machine);
  const peers = machine.product === null ? {} : await parts.peerFigures(tx, machine.product, burnin.id);
  const judgement = judgeBurnin(await parts.burninPartsOf(tx, burnin.id), burnin.cut, limits, peers);
  await parts.settleBurnin(tx, burnin.id, judgement.verdict, judgement.finding);
  return judgement;
}

async function factsOf(
  tx: Transaction,
  machine: passage.OrderedMachineRow,
  verdict: ImageFacts['verdict'],
): Promise<ImageFacts> {
  const disks = await parts.readPresentDisks(tx, machine.id);
  return {
    verdict,
    cpuThreads: await parts.cpuThreads(tx, machine.id),
    memoryMib: machine.memoryMib ?? 0,
    diskCount: disks.length,
    storageBytes: disks.reduce((sum, disk) => sum + disk.bytes, 0),
    accelerators: await parts.acceleratorCount(tx, machine.id),
  };
}
