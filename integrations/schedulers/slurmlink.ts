import type { SlurmJob } from './slurmjobs.ts';
import type { SlurmNode } from './slurmnode.ts';

/** One cluster, by whichever way it is asked. Each throws OutsideError. */
export interface SlurmLink {
  node(name: string): Promise<SlurmNode>;
  /** All jobs of the cluster that are shown to us; never a part of them. */
  jobs(): Promise<SlurmJob[]>;
  takeOut(name: string, reason: string): Promise<void>;
  putBack(name: string): Promise<void>;
  /** Cancelling what has ended is no error. */
  cancel(job: string): Promise<void>;
  /** Throws unless the jobs of all users are shown to us. */
  requireAllJobsVisible(name: string): Promise<void>;
  close(): Promise<void>;
}
