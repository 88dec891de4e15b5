import type { CleanMove, InstallDirected } from '../../contract/clean.ts';
import { chooseImage } from '../../domain/birth/image.ts';
import { acting } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import * as parts from '../../mdb/machines/parts.ts';
import * as passage from '../../mdb/orders/passage.ts';
import { directTo, installDirective } from '../birth/deploy.ts';
import { actorOf, stateOf } from '../passage/order.ts';

/**
 * Tells the agent to install the proven machine for its new owner: the image that its parts call for, without another
 * burn-in, as it was in service until now (S2.33). It passes the stages that a birth does.
 */
export function directReinstall(mdb: Mdb, input: CleanMove): Promise<InstallDirected> {
  const { machineId, orderId, next } = input;
  return acting(mdb, actorOf(input), orderId, async (tx): Promise<InstallDirected> => {
    const machine = await passage.lockMachine(tx, machineId);
    await passage.beginStep(tx, orderId, next);
    const disks = await parts.readPresentDisks(tx, machineId);
    const kind = chooseImage({
      verdict: machine.repairState === 'none' ? 'pass' : 'fail',
      cpuThreads: await parts.cpuThreads(tx, machineId),
      memoryMib: machine.memoryMib ?? 0,
      diskCount: disks.length,
      storageBytes: disks.reduce((sum, disk) => sum + disk.bytes, 0),
      accelerators: await parts.acceleratorCount(tx, machineId),
    });
    const image = await parts.preferredImage(tx, kind);
    if (image === null) {
      const reason = `There is no ${kind} image to install; add one and answer "retry".`;
      return { question: { fault: `clean/no-${kind}-image`, reason, choices: ['retry', 'abandon'] } };
    }
    const made = await installDirective(tx, machine, image);
    if ('question' in made) return made;
    await passThrough(tx, machine);
    await directTo(tx, machine, { requiredImage: image.id, held: null }, made.directive);
    await passage.settleStep(tx, orderId, next.step, 'running', { decision: { kind, image: image.id } });
    return { state: stateOf(await passage.lockMachine(tx, machineId)) };
  });
}

async function passThrough(tx: Parameters<typeof passage.updateMachine>[0], { id, stage }: passage.OrderedMachineRow) {
  if (stage === 'profiled') return;
  // A machine that booted anew after it was deployed goes back first; staying put is legal.
  for (const one of ['registered', 'configured', 'profiled'] as const) {
    await passage.updateMachine(tx, id, { stage: one });
  }
}
