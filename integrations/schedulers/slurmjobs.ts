import { namesHost } from './hostlist.ts';

/** A job as Slurm lists it, as far as it could be read. */
export interface SlurmJob {
  /** As people write it: `12`, `10_3` for a task of an array, `10+1` for a part of a heterogeneous job. */
  readonly name: string;
  /** What is cancelled to end it here; null where its number could not be read. */
  readonly cancelAs: string | null;
  readonly states: readonly string[];
  /** A host list; null where it could not be read. */
  readonly nodes: string | null;
}

export interface JobParts {
  readonly id: number | null;
  readonly array: readonly [job: number, task: number] | null;
  readonly het: readonly [leader: number, offset: number] | null;
  readonly states: readonly string[];
  readonly nodes: string | null;
}

/**
 * A task of an array has siblings on other nodes, which are jobs of their own: it alone is cancelled. The parts of a
 * heterogeneous job are one job, and Slurm 22.05 refuses to cancel one of them.
 */
export function makeJob({ id, array, het, states, nodes }: JobParts): SlurmJob {
  const upper = states.map((state) => state.toUpperCase());
  if (array) return { name: array.join('_'), cancelAs: array.join('_'), states: upper, nodes };
  if (het) return { name: het.join('+'), cancelAs: String(het[0]), states: upper, nodes };
  const name = id === null ? 'a job without a number' : String(id);
  return { name, cancelAs: id === null ? null : String(id), states: upper, nodes };
}

/**
 * States in which a job holds no node: it waits, or has ended. Any other, also one that nobody has met, and any beside
 * one of these (`CANCELLED` and `COMPLETING`), holds its nodes.
 */
const idle = new Set([
  ...['PENDING', 'REQUEUED', 'REQUEUE_HOLD', 'REQUEUE_FED', 'SPECIAL_EXIT', 'RESV_DEL_HOLD', 'LAUNCH_FAILED'],
  ...['COMPLETED', 'CANCELLED', 'FAILED', 'TIMEOUT', 'NODE_FAIL', 'PREEMPTED', 'BOOT_FAIL', 'DEADLINE'],
  ...['OUT_OF_MEMORY', 'REVOKED', 'RECONFIG_FAIL', 'UPDATE_DB'],
]);

export interface NodeWork {
  /** Jobs that hold a part of the node. */
  readonly here: readonly SlurmJob[];
  /** Those that may, since they could not be read. */
  readonly unsure: readonly SlurmJob[];
}

/** The work of one node among all jobs of a cluster. */
export function workOn(node: string, jobs: readonly SlurmJob[]): NodeWork {
  const holding = jobs.filter(({ states }) => states.length === 0 || states.some((state) => !idle.has(state)));
  const named = holding.map((job) => ({ job, names: job.nodes === null ? null : namesHost(job.nodes, node) }));
  const pick = (wanted: boolean | null) => named.filter(({ names }) => names === wanted).map(({ job }) => job);
  return { here: pick(true), unsure: pick(null) };
}
