import { z } from 'zod';
import { mustHave } from '../http/connection.ts';
import { OutsideError, type OutsideErrorKind } from '../http/errors.ts';
import { checkAnswer, type HttpRequest, type HttpResponse, type Outside, openOutside } from '../http/http.ts';
import { type DrainPlace, needConnection } from './drain.ts';
import { makeJob, type SlurmJob } from './slurmjobs.ts';
import type { SlurmLink } from './slurmlink.ts';
import type { SlurmNode } from './slurmnode.ts';

// A cluster's jobs are some 5 KB each.
const limits = { body: 256 * 1024 * 1024, answer: 60_000, whole: 120_000 };

// Slurm answers 200 with a list of errors as well as with a status; 22.05 has the number in a field of another name.
// Whatever form one has, it is an error: read as none, a refusal would be a success.
const sentence = z.string().optional().catch(undefined);
const code = z.coerce.number().int().optional().catch(undefined);
const wrong = z
  .union([
    z.string().transform((description) => ({ description })),
    z.object({ error: sentence, description: sentence, error_number: code, errno: code }),
  ])
  .catch({});
interface Wrong {
  readonly error?: string | undefined;
  readonly description?: string | undefined;
  readonly error_number?: number | undefined;
  readonly errno?: number | undefined;
}
const anyAnswer = z.object({
  errors: z
    .union([
      z.array(wrong),
      z
        .string()
        .min(1)
        .transform((description): Wrong[] => [{ description }]),
    ])
    .nullish()
    .transform((errors): Wrong[] => errors ?? []),
});

/** A list of flags from v0.0.39 on, one word before. */
const words = z.union([z.array(z.string()), z.string().transform((word) => [word])]);
/** A number by itself, or one beside whether it is set; null where it is not, or is no number. */
const count = z
  .union([
    z.number(),
    z.object({ set: z.boolean(), number: z.number() }).transform((one) => (one.set ? one.number : null)),
  ])
  .nullish();
const number = count.catch(null);
const flags = words.nullish().transform((found) => found ?? []);
const nodesAnswer = z.object({ nodes: z.array(z.unknown()).nullish() });
const nodeAnswer = z.object({
  name: z.string(),
  state: words,
  state_flags: flags,
  next_state_after_reboot: flags,
  next_state_after_reboot_flags: flags,
  reason: z.string().nullish().catch(null),
  // A number that cannot be read may be any.
  alloc_cpus: count.catch(1),
});
// One odd job is no reason to know nothing of the others; a list that is not there is.
const jobsAnswer = z.object({ jobs: z.array(z.unknown()) });
const job = z.object({
  job_id: number,
  job_state: words.catch([]),
  nodes: z
    .string()
    .nullable()
    .transform((text) => text ?? '')
    .optional()
    .catch(undefined),
  array_job_id: number,
  array_task_id: number,
  het_job_id: number,
  het_job_offset: number,
});

export function openSlurmRest(place: DrainPlace, api: string): SlurmLink {
  const connection = mustHave(needConnection(place), 'username', 'token');
  const outside = openOutside(connection, limits);
  const headers = { 'x-slurm-user-name': connection.username, 'x-slurm-user-token': connection.token };
  return new SlurmRest(outside, api, headers);
}

class SlurmRest implements SlurmLink {
  private readonly outside: Outside;
  private readonly api: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(outside: Outside, api: string, headers: Readonly<Record<string, string>>) {
    this.outside = outside;
    this.api = api;
    this.headers = headers;
  }

  async node(name: string): Promise<SlurmNode> {
    const call: HttpRequest = { method: 'GET', path: nodePath(name) };
    const { nodes } = await this.ask(call, nodesAnswer);
    const found = (nodes ?? []).find((one) => (one as { name?: unknown } | null)?.name === name);
    // 24.11 answers 200 with an error that has the number 0 and says "No error".
    if (found === undefined) throw missing(name);
    const node = checkAnswer(call, JSON.stringify(found), nodeAnswer);
    const upper = (list: readonly string[]) => list.map((word) => word.toUpperCase());
    return {
      name,
      states: new Set(upper([...node.state, ...node.state_flags])),
      next: upper([...node.next_state_after_reboot, ...node.next_state_after_reboot_flags]),
      reason: node.reason ?? '',
      allocated: node.alloc_cpus ?? 0,
    };
  }

  async jobs(): Promise<SlurmJob[]> {
    const { jobs } = await this.ask({ method: 'GET', path: '/jobs/' }, jobsAnswer);
    return jobs.map(readJob);
  }

  async takeOut(name: string, reason: string): Promise<void> {
    await this.ask({ method: 'POST', path: nodePath(name), json: { state: ['DRAIN'], reason } }, anyAnswer);
  }

  async putBack(name: string): Promise<void> {
    await this.ask({ method: 'POST', path: nodePath(name), json: { state: ['RESUME'] } }, anyAnswer);
  }

  async cancel(job: string): Promise<void> {
    try {
      await this.ask({ method: 'DELETE', path: `/job/${job}` }, anyAnswer);
    } catch (error) {
      if (!(error instanceof OutsideError && error.kind === 'conflict')) throw error;
    }
  }

  /**
   * With `PrivateData=jobs`, who is no operator gets an empty list without a word. A change that changes nothing is
   * refused to the same users.
   */
  async requireAllJobsVisible(name: string): Promise<void> {
    try {
      await this.ask({ method: 'POST', path: nodePath(name), json: {} }, anyAnswer);
    } catch (error) {
      if (!(error instanceof OutsideError && error.kind === 'refused')) throw error;
      throw new OutsideError('refused', `${error.message}: only an operator of Slurm is sure to see all jobs`);
    }
  }

  close(): Promise<void> {
    return this.outside.close();
  }

  private async ask<T>(call: HttpRequest, shape: z.ZodType<T>): Promise<T> {
    const full = { ...call, path: `/slurm/${this.api}${call.path}`, headers: this.headers };
    const answer = await this.outside.exchange(full);
    if (answer.status === 404 || answer.status === 405) await this.explainVersion();
    const errors = readErrors(answer);
    if (errors[0]) throw this.explain(full, answer.status, errors[0]);
    if (answer.status >= 300) throw this.outside.refusal(full, answer);
    return checkAnswer(full, answer.text, shape);
  }

  /** Slurm may say back what it was sent. */
  private explain(call: HttpRequest, status: number, wrong: Wrong): OutsideError {
    const hidden = (text: string | undefined) => (text === undefined ? undefined : this.outside.hide(text));
    return explain(call, status, { ...wrong, error: hidden(wrong.error), description: hidden(wrong.description) });
  }

  /** Says which versions are served where ours is not among them. */
  private async explainVersion(): Promise<void> {
    const { text } = await this.outside.send({ method: 'GET', path: '/openapi/v3', headers: this.headers });
    const served = [...new Set(text.match(/v0\.0\.\d{2}(?=\\?\/node\\?\/)/g))].toSorted();
    if (served.includes(this.api) || served.length === 0) return;
    const able = served.filter((one) => Number(one.slice(-2)) >= 39);
    const way =
      able.length > 0
        ? `set api=${able.at(-1)}`
        : 'which cannot change a node: that came with v0.0.39 of Slurm 23.02; set how=scontrol';
    throw new OutsideError('settings', `this slurmrestd serves ${served.join(', ')} and not ${this.api}; ${way}`);
  }
}

const nodePath = (name: string) => `/node/${encodeURIComponent(name)}`;

function missing(node: string): OutsideError {
  return new OutsideError('missing', `Slurm has no node ${node}`);
}

function readErrors({ text }: HttpResponse): Wrong[] {
  try {
    return anyAnswer.parse(JSON.parse(text)).errors;
  } catch {
    return [];
  }
}

/** By number: Slurm's status is 500 for most of them. */
const kinds: Readonly<Record<number, OutsideErrorKind>> = {
  // "Unspecified error" is what older ones say to a token that is wrong, expired or of another cluster.
  [-1]: 'refused',
  // EPERM
  1: 'refused',
  // SLURM_PROTOCOL_AUTHENTICATION_ERROR, ESLURM_ACCESS_DENIED, ESLURM_USER_ID_MISSING
  1007: 'refused',
  2002: 'refused',
  2010: 'refused',
  // ESLURM_INVALID_NODE_NAME
  2018: 'missing',
  // ESLURM_INVALID_JOB_ID, ESLURM_ALREADY_DONE: what is asked for is so already.
  2017: 'conflict',
  2021: 'conflict',
  // The controller cannot be reached, or does not answer.
  1800: 'unreachable',
  5004: 'timeout',
};

function explain(
  { method, path }: HttpRequest,
  status: number,
  { error, description, ...numbers }: Wrong,
): OutsideError {
  const code = numbers.error_number ?? numbers.errno ?? 0;
  const node = /\/node\/(.+)$/.exec(path)?.[1];
  // An error that is none is how 24.11 says that it has no such node.
  if (node !== undefined && (code === 2018 || (code === 0 && status < 300))) return missing(decodeURIComponent(node));
  const byStatus: OutsideErrorKind = status === 401 || status === 403 || status === 511 ? 'refused' : 'failed';
  const words = [description, error].filter((one) => one !== undefined && one !== '');
  const sentence = words.length === 0 ? `error ${code}` : words.join(': ').replace(/\p{Cc}+/gu, ' ');
  const hint = code === -1 ? ', as to a token that is wrong or has expired' : '';
  const kind = kinds[code] ?? (status === 422 || status === 400 ? 'invalid' : byStatus);
  return new OutsideError(kind, `${method} ${path}: Slurm says ${sentence.slice(0, 200)}${hint}`, { status });
}

function readJob(value: unknown): SlurmJob {
  const checked = job.safeParse(value);
  if (!checked.success) return makeJob({ id: null, array: null, het: null, states: [], nodes: null });
  const { job_id, job_state, nodes, array_job_id, array_task_id, het_job_id, het_job_offset } = checked.data;
  return makeJob({
    id: job_id ?? null,
    array: array_job_id && typeof array_task_id === 'number' ? [array_job_id, array_task_id] : null,
    het: het_job_id ? [het_job_id, het_job_offset ?? 0] : null,
    states: job_state,
    nodes: nodes ?? null,
  });
}
