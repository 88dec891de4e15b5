import { machineWorkflowId } from '../../contract/machine.ts';
import { type MachineToFind, machinesToFind } from '../../mdb/orders/comparing.ts';
import { startMachine } from '../start.ts';
import { lookUp } from './existing.ts';
import { type ComparisonContext, each } from './scene.ts';

const page = 500;

/** Every machine that had an order has its workflow: first those with something under way, then the idle ones. */
export async function compareMachines(scene: ComparisonContext): Promise<void> {
  for (const busy of [true, false]) {
    let after = '';
    for (;;) {
      const machines = await machinesToFind(scene.mdb, { after, limit: page, busy, selector: scene.selector });
      const last = machines.at(-1);
      if (last === undefined) break;
      after = last.id;
      await each(
        machines.filter(({ id }) => !scene.existing.machines.has(machineWorkflowId(id))),
        (machine) => bringBack(scene, machine, busy),
      );
      scene.tally.machines += machines.length;
      await scene.beat(scene.tally.machines);
    }
  }
}

async function bringBack(scene: ComparisonContext, { id, siteId }: MachineToFind, busy: boolean): Promise<void> {
  const does = busy ? 'goes on with what the MDB has under way' : 'waits for orders again';
  const mismatch = { kind: 'machine', id, what: `its workflow was missing; started, it ${does}` } as const;
  try {
    const missing = scene.dryRun
      ? (await lookUp(scene.client, machineWorkflowId(id))).state !== 'running'
      : await startMachine(scene.client, { machineId: id, siteId });
    if (!missing) return;
    scene.started.add(id);
    scene.tally.add(mismatch);
  } catch (error) {
    scene.tally.add({ ...mismatch, failed: error instanceof Error ? error.message : String(error) });
  }
}
