import { machineWorkflowId } from '../../contract/machine.ts';
import { type MachineToFind, machinesToFind } from '../../mdb/orders/comparing.ts';
import { startMachine } from '../start.ts';
import { type ComparisonContext, each } from './context.ts';
import { lookUp } from './existing.ts';

const page = 500;

/** Every machine that had an order has its workflow: first those with something under way, then the idle ones. */
export async function compareMachines(context: ComparisonContext): Promise<void> {
  for (const busy of [true, false]) {
    let after = '';
    for (;;) {
      const machines = await machinesToFind(context.mdb, { after, limit: page, busy, selector: context.selector });
      const last = machines.at(-1);
      if (last === undefined) break;
      after = last.id;
      await each(
        machines.filter(({ id }) => !context.existing.machines.has(machineWorkflowId(id))),
        (machine) => bringBack(context, machine, busy),
      );
      context.tally.machines += machines.length;
      await context.beat(context.tally.machines);
    }
  }
}

async function bringBack(context: ComparisonContext, { id, siteId }: MachineToFind, busy: boolean): Promise<void> {
  const does = busy ? 'goes on with what the MDB has under way' : 'waits for orders again';
  const mismatch = { kind: 'machine', id, what: `its workflow was missing; started, it ${does}` } as const;
  try {
    const missing = context.dryRun
      ? (await lookUp(context.client, machineWorkflowId(id))).state !== 'running'
      : await startMachine(context.client, { machineId: id, siteId });
    if (!missing) return;
    context.started.add(id);
    context.tally.add(mismatch);
  } catch (error) {
    context.tally.add({ ...mismatch, failed: error instanceof Error ? error.message : String(error) });
  }
}
