import { z } from 'zod';
import type { DrainProgress } from '../../contract/drain.ts';
import { mustHave } from '../outside/connection.ts';
import { OutsideError } from '../outside/errors.ts';
import { ask, type Call, type Outside, openOutside } from '../outside/http.ts';
import {
  count,
  type Drain,
  type DrainTask,
  needConnection,
  type OpenDrain,
  ours,
  readDrainSettings,
  some,
} from './drain.ts';
import { expandHostlist } from './hostlist.ts';

const settings = {
  /** Version of the API that this slurmrestd serves. */
  api: z
    .string()
    .regex(/^v0\.0\.\d{2}$/, 'is not like v0.0.41')
    .default('v0.0.41'),
};

// A cluster's jobs are some 5 KB each.
const limits = { body: 256 * 1024 * 1024, answer: 60_000, whole: 120_000 };

// Slurm answers 200 with a list of errors as well as with a status.
const errors = z
  .array(
    z.object({ error: z.string().optional(), description: z.string().optional(), error_number: z.number().optional() }),
  )
  .default([]);
/** A list of flags from v0.0.39 on, one word before. */
const words = z.union([z.array(z.string()), z.string().transform((word) => [word])]).default([]);
const nodeAnswer = z.object({
  errors,
  nodes: z
    .array(
      z.object({
        name: z.string(),
        state: words,
        state_flags: words,
        reason: z.string().nullish(),
        alloc_cpus: z.number().nullish(),
      }),
    )
    .default([]),
});
const jobsAnswer = z.object({
  errors,
  jobs: z.array(z.object({ job_id: z.number(), job_state: words, nodes: z.string().nullish() })).default([]),
});
const plainAnswer = z.object({ errors });

type SlurmNode = z.infer<typeof nodeAnswer>['nodes'][number];
const busy = new Set(['ALLOCATED', 'MIXED', 'COMPLETING']);
const running = new Set(['RUNNING', 'COMPLETING', 'SUSPENDED', 'CONFIGURING', 'STAGE_OUT', 'STOPPED', 'SIGNALING']);

/** Slurm's REST API (slurmrestd) with a JSON web token. */
export const openSlurm: OpenDrain = (place) => {
  const { api } = readDrainSettings(settings, place.settings);
  const connection = mustHave(needConnection(place), 'username', 'token');
  const outside = openOutside(connection, limits);
  const headers = { 'x-slurm-user-name': connection.username, 'x-slurm-user-token': connection.token };
  return { drain: new Slurm(outside, `/slurm/${api}`, headers), close: outside.close };
};

class Slurm implements Drain {
  private readonly outside: Outside;
  private readonly base: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(outside: Outside, base: string, headers: Readonly<Record<string, string>>) {
    this.outside = outside;
    this.base = base;
    this.headers = headers;
  }

  async start({ node: name, reason }: DrainTask): Promise<string> {
    const node = await this.node(name);
    if (statesOf(node).has('DRAIN')) {
      return isOurs(node)
        ? `${name} drains already`
        : `${name} is drained by somebody else: ${node.reason ?? 'no reason'}`;
    }
    await this.update(name, { state: ['DRAIN'], reason });
    return `${name} takes no new jobs`;
  }

  async progress({ node: name }: DrainTask): Promise<DrainProgress> {
    const node = await this.node(name);
    const states = statesOf(node);
    if (!states.has('DRAIN')) {
      return { drained: false, left: 1, sentence: `somebody resumed ${name}: new jobs may come at any time` };
    }
    const works = [...states].some((state) => busy.has(state)) || (node.alloc_cpus ?? 0) > 0;
    if (!works) return { drained: true, left: 0, sentence: `${name} has no job left` };
    const jobs = await this.jobs(name);
    const sentence =
      jobs.length > 0
        ? `${count(jobs.length, 'job')} left on ${name}: ${some(jobs.map(String))}`
        : `${name} is ${[...states].join('+').toLowerCase()}: the last job is being cleaned up`;
    return { drained: false, left: Math.max(jobs.length, 1), sentence };
  }

  async stop({ node: name }: DrainTask): Promise<string> {
    const node = await this.node(name);
    if (!statesOf(node).has('DRAIN')) return `${name} does not drain`;
    if (!isOurs(node)) return `${name} is drained by somebody else and stays so: ${node.reason ?? 'no reason'}`;
    await this.update(name, { state: ['RESUME'] });
    return `${name} takes jobs again`;
  }

  async kill({ node }: DrainTask): Promise<string> {
    const jobs = await this.jobs(node);
    for (const job of jobs) await this.cancel(job);
    return jobs.length === 0
      ? `nothing was left on ${node}`
      : `${count(jobs.length, 'job')} cancelled: ${some(jobs.map(String))}`;
  }

  private async node(name: string): Promise<SlurmNode> {
    const answer = await this.ask({ method: 'GET', path: `/node/${encodeURIComponent(name)}` }, nodeAnswer);
    const node = answer.nodes.find((one) => one.name === name);
    if (node) return node;
    throw new OutsideError('missing', `Slurm has no node ${name}`);
  }

  private async update(name: string, json: object): Promise<void> {
    await this.ask({ method: 'POST', path: `/node/${encodeURIComponent(name)}`, json }, plainAnswer);
  }

  /** Ids of the jobs that hold a part of the node. */
  private async jobs(node: string): Promise<number[]> {
    const { jobs } = await this.ask({ method: 'GET', path: '/jobs/' }, jobsAnswer);
    return jobs
      .filter(({ job_state }) => job_state.some((state) => running.has(state)))
      .filter(({ nodes }) => expandHostlist(nodes ?? '').includes(node))
      .map(({ job_id }) => job_id);
  }

  private async cancel(job: number): Promise<void> {
    try {
      await this.ask({ method: 'DELETE', path: `/job/${job}` }, plainAnswer);
    } catch (error) {
      const over = error instanceof OutsideError && (error.kind === 'missing' || error.kind === 'conflict');
      if (!over) throw error;
    }
  }

  private async ask<T extends z.infer<typeof plainAnswer>>(call: Call, shape: z.ZodType<T>): Promise<T> {
    const full = { ...call, path: `${this.base}${call.path}`, headers: this.headers };
    const answer = await ask(this.outside, full, shape);
    const [wrong] = answer.errors;
    if (wrong === undefined) return answer;
    // ESLURM_ALREADY_DONE and ESLURM_INVALID_JOB_ID: what is asked for is so already.
    const over = wrong.error_number === 2021 || wrong.error_number === 2017;
    const sentence = wrong.description ?? wrong.error ?? `error ${wrong.error_number}`;
    throw new OutsideError(
      over ? 'conflict' : 'failed',
      `${call.method} ${full.path}: Slurm says ${sentence.slice(0, 200)}`,
    );
  }
}

function statesOf(node: SlurmNode): Set<string> {
  return new Set([...node.state, ...node.state_flags].map((state) => state.toUpperCase()));
}

function isOurs(node: SlurmNode): boolean {
  return node.reason?.startsWith(ours) === true;
}
