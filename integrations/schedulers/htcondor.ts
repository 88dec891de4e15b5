import { z } from 'zod';
import type { DrainProgress } from '../../domain/drain.ts';
import { OutsideError } from '../http/errors.ts';
import { runCommand } from './commands.ts';
import { count, type Drain, type DrainTask, isOurReason, type OpenDrain, readDrainSettings, some } from './drain.ts';

const settings = {
  /** Collector to ask, `host` or `host:port`; that of the worker's own HTCondor configuration when absent. */
  pool: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.:_-]{0,253}$/, 'is no host of a collector')
    .optional(),
  /** `graceful` honours the retirement time that jobs were promised, `quick` does not. */
  how: z.enum(['graceful', 'quick']).default('graceful'),
};

const nameless = 'a slot without a name';

/** A slot; one whose state cannot be read holds work. */
const slot = z.object({
  Name: z.string().catch(nameless),
  Machine: z.string().optional().catch(undefined),
  State: z.string().catch('unreadable'),
  Activity: z.string().optional().catch(undefined),
  Draining: z.boolean().optional().catch(undefined),
  DrainReason: z.string().optional().catch(undefined),
});
type Slot = z.infer<typeof slot>;
const attributes = Object.keys(slot.shape).join(',');

/** HTCondor by its own commands, which must be on the worker's PATH and be configured to reach the pool. */
export const openHtcondor: OpenDrain = (place) => {
  const { pool, how } = readDrainSettings(settings, place.settings);
  return { drain: new Htcondor(pool === undefined ? [] : ['-pool', pool], how), close: async () => {} };
};

class Htcondor implements Drain {
  private readonly where: readonly string[];
  private readonly how: 'graceful' | 'quick';

  constructor(where: readonly string[], how: 'graceful' | 'quick') {
    this.where = where;
    this.how = how;
  }

  async start({ node, reason }: DrainTask): Promise<string> {
    const slots = await this.slots(node);
    if (drains(slots)) {
      return isOurs(slots) ? `${node} drains already` : `${node} is drained by somebody else: ${reasonOf(slots)}`;
    }
    await this.drain([`-${this.how}`, '-reason', reason, node]);
    return `${node} takes no new jobs`;
  }

  async progress({ node }: DrainTask): Promise<DrainProgress> {
    const slots = await this.slots(node);
    if (!drains(slots)) {
      return { drained: false, left: 1, sentence: `somebody ended the draining of ${node}: new jobs may come` };
    }
    const left = slots.filter(({ State }) => State !== 'Drained');
    if (left.length === 0) return { drained: true, left: 0, sentence: `every slot of ${node} is drained` };
    const said = left.map(({ Name, State, Activity }) => `${Name} ${[State, Activity].filter(Boolean).join('/')}`);
    return { drained: false, left: left.length, sentence: `${count(left.length, 'slot')} left: ${some(said)}` };
  }

  async stop({ node }: DrainTask): Promise<string> {
    const slots = await this.slots(node);
    if (!drains(slots)) return `${node} does not drain`;
    if (!isOurs(slots)) return `${node} is drained by somebody else and stays so: ${reasonOf(slots)}`;
    await this.drain(['-cancel', node]);
    return `${node} takes jobs again`;
  }

  /** A drain under way cannot be made harder, so it is cancelled and begun again as a fast one. */
  async kill({ node, reason }: DrainTask): Promise<string> {
    const slots = await this.slots(node);
    if (slots.every(({ State }) => State === 'Drained')) return `nothing was left on ${node}`;
    if (drains(slots)) await this.drain(['-cancel', node]);
    await this.drain(['-fast', '-reason', reason, node]);
    return `the jobs on ${node} are killed`;
  }

  private async slots(node: string): Promise<Slot[]> {
    // The name has been checked to hold nothing that could end the string.
    const wanted = ['-constraint', `Machine == "${node}"`, '-attributes', attributes, '-json'];
    const said = await runCommand('condor_status', [...this.where, ...wanted]);
    // No slot at all is printed as nothing.
    const slots = (said.trim() === '' ? [] : parseSlots(said)).filter((one) => isOf(one, node));
    if (slots.length === 0) throw new OutsideError('missing', `HTCondor has no machine ${node}`);
    return slots;
  }

  private async drain(what: readonly string[]): Promise<void> {
    await runCommand('condor_drain', [...this.where, ...what]);
  }
}

function drains(slots: readonly Slot[]): boolean {
  return slots.every(({ State, Draining }) => Draining === true || State === 'Drained');
}

/** That a slot is of the machine that was asked for, and not what a filter let through; one that doesn't say may be. */
function isOf({ Machine, Name }: Slot, node: string): boolean {
  if (Machine === undefined && Name === nameless) return true;
  return (Machine ?? Name.slice(Name.indexOf('@') + 1)).toLowerCase() === node.toLowerCase();
}

function reasonOf(slots: readonly Slot[]): string {
  return slots.find(({ DrainReason }) => DrainReason !== undefined)?.DrainReason ?? 'no reason';
}

function isOurs(slots: readonly Slot[]): boolean {
  return isOurReason(reasonOf(slots));
}

function parseSlots(text: string): Slot[] {
  try {
    return z.array(slot).parse(JSON.parse(text));
  } catch {
    throw new OutsideError('garbage', 'condor_status wrote what is no list of slots');
  }
}
