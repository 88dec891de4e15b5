import { z } from 'zod';
import type { DrainProgress } from '../../domain/drain.ts';
import { OutsideError } from '../http/errors.ts';
import { count, type Drain, type DrainTask, type OpenDrain, readDrainSettings, some } from './drain.ts';
import { SlurmCommands } from './slurmcommands.ts';
import { type NodeWork, type SlurmJob, workOn } from './slurmjobs.ts';
import type { SlurmLink } from './slurmlink.ts';
import { describeReboot, isIdle, isLost, isOurs, isOut, reasonOf, type SlurmNode } from './slurmnode.ts';
import { openSlurmRest } from './slurmrest.ts';

const firstVersion = 39;

const settings = {
  /** `rest` asks slurmrestd; `scontrol` runs the worker's own commands, for a Slurm that is older than 23.02 or has none. */
  how: z.enum(['rest', 'scontrol']).default('rest'),
  /** Version of the API that this slurmrestd serves. */
  api: z
    .string()
    .regex(/^v0\.0\.\d{2}$/, 'is not like v0.0.41')
    .refine((text) => Number(text.slice(-2)) >= firstVersion, {
      message: 'cannot change a node: that came with v0.0.39 of Slurm 23.02; how=scontrol works with any version',
    })
    .default('v0.0.41'),
};

/** Slurm, by its REST API (slurmrestd) with a JSON web token, or by its commands. */
export const openSlurm: OpenDrain = (place) => {
  const { how, api } = readDrainSettings(settings, place.settings);
  const link = how === 'rest' ? openSlurmRest(place, api) : new SlurmCommands();
  return { drain: new Slurm(link), close: () => link.close() };
};

class Slurm implements Drain {
  private readonly link: SlurmLink;

  constructor(link: SlurmLink) {
    this.link = link;
  }

  async start(task: DrainTask): Promise<string> {
    const node = await this.link.node(task.node);
    if (!isOut(node) || isLost(node)) return this.take(task);
    if (isOurs(node, await task.ledger?.read())) return `${task.node} drains already`;
    return `${task.node} is drained by somebody else: ${reasonOf(node)}`;
  }

  async progress(task: DrainTask): Promise<DrainProgress> {
    const { node: name, orderId, ledger } = task;
    let node = await this.link.node(name);
    const taken = await ledger?.read();
    if (!isOut(node)) {
      // What others had taken out and gave back is still to be drained; what they put back of ours is their word.
      if (ledger === undefined || taken?.orderId === orderId) {
        await ledger?.end();
        return left(1, `somebody resumed ${name}: new jobs may come at any time`);
      }
      await this.take(task);
      node = await this.link.node(name);
    }
    return this.judge(node, isOurs(node, await ledger?.read()));
  }

  async stop({ node: name, ledger }: DrainTask): Promise<string> {
    const node = await this.link.node(name);
    if (!isOut(node)) {
      await ledger?.end();
      return `${name} does not drain`;
    }
    if (!isOurs(node, await ledger?.read()))
      return `${name} is drained by somebody else and stays so: ${reasonOf(node)}`;
    await this.link.putBack(name);
    await ledger?.end();
    const reboot = describeReboot(node);
    return `${name} takes jobs again${reboot === null ? '' : `, and ${reboot}`}`;
  }

  async kill({ node: name }: DrainTask): Promise<string> {
    const { here, unsure } = workOn(name, await this.link.jobs());
    const done: string[] = [];
    const failed: [name: string, error: OutsideError][] = [];
    // Parts of a heterogeneous job are one cancel.
    const names = new Map(here.map(({ name: job, cancelAs }) => [cancelAs ?? '', job]));
    for (const [cancelAs, job] of names) {
      const error = cancelAs === '' ? withoutNumber() : await this.cancel(cancelAs);
      if (error === null) done.push(cancelAs);
      else failed.push([job, error]);
    }
    judgeFailures(done, failed);
    const skipped = [
      ...failed.map(([job, { message }]) => `${job} was not: ${message}`),
      ...unsure.map(({ name: job }) => `${job} may be there and was left, since its nodes cannot be read`),
    ];
    const said =
      done.length === 0 ? `nothing was left on ${name}` : `${count(done.length, 'job')} cancelled: ${some(done)}`;
    return [said, ...skipped.slice(0, 5)].join('; ');
  }

  private async take({ node, reason, ledger }: DrainTask): Promise<string> {
    await ledger?.take();
    await this.link.takeOut(node, reason);
    return `${node} takes no new jobs`;
  }

  /** Of a node that is out: it is drained when its own state and the list of all jobs say so, and not before. */
  private async judge(node: SlurmNode, mine: boolean): Promise<DrainProgress> {
    const { name, states } = node;
    const work = workOn(name, await this.link.jobs());
    const all = work.here.length + work.unsure.length;
    if (all > 0) return left(all, describeWork(name, work));
    const reboot = describeReboot(node);
    if (reboot !== null) return left(1, reboot);
    const state = [...states].join('+').toLowerCase();
    if (states.has('COMPLETING')) return left(1, `${name} is ${state}: the last job is being cleaned up`);
    if (!isIdle(node)) return left(1, `${name} is ${state}, though no job is shown on it`);
    // Who could change the node has seen all jobs; of a node of others' that is not known yet.
    if (!mine) await this.link.requireAllJobsVisible(name);
    const whose = mine ? '' : `; somebody else keeps it out: ${reasonOf(node)}`;
    return { drained: true, left: 0, sentence: `${name} has no job left${whose}` };
  }

  private async cancel(job: string): Promise<OutsideError | null> {
    try {
      await this.link.cancel(job);
      return null;
    } catch (error) {
      if (error instanceof OutsideError) return error;
      throw error;
    }
  }
}

function left(number: number, sentence: string): DrainProgress {
  return { drained: false, left: number, sentence };
}

function describeWork(node: string, { here, unsure }: NodeWork): string {
  const names = (jobs: readonly SlurmJob[]) => some(jobs.map(({ name }) => name));
  return [
    ...(here.length === 0 ? [] : [`${count(here.length, 'job')} left on ${node}: ${names(here)}`]),
    ...(unsure.length === 0
      ? []
      : [`${count(unsure.length, 'job')} that cannot be read may be on ${node}: ${names(unsure)}`]),
  ].join('; ');
}

function withoutNumber(): OutsideError {
  return new OutsideError('invalid', 'Slurm shows no number of it');
}

/** All were tried. What may pass is tried again with the whole; refusals are told beside what was done. */
function judgeFailures(done: readonly string[], failed: readonly [string, OutsideError][]): void {
  const passing = failed.find(([, { retryable }]) => retryable);
  if (passing) throw passing[1];
  const [first] = failed;
  if (done.length === 0 && first) throw first[1];
}
