/**
 * The reconciler: what is wanted of machines against what was last read of them. Names and plain data that its workflow,
 * the MDB, the API and clients share. Times are ISO 8601 in UTC.
 */

/** Of one site; started by its Schedule, which `farrier reconcile` triggers too. */
export const reconcileWorkflow = 'reconcile';

/** Id of the Schedule; its runs are called the same with their time. */
export function reconcileWorkflowId(siteId: string): string {
  return `reconcile/${siteId}`;
}

export interface ReconcileInput {
  readonly siteId: string;
}

/** What one round did. */
export interface ReconcileSummary {
  /** Machines that were compared, and of these how many are as they should be, are not, or could not be judged. */
  readonly machines: number;
  readonly conformant: number;
  readonly drifting: number;
  readonly unknown: number;
  /** Controllers that were read, and those that could not be. */
  readonly read: number;
  readonly unread: number;
  /** Drifts that were not there before, and those that are over. */
  readonly found: number;
  readonly resolved: number;
  /** Campaigns that wait for a person, that were started, and that were withdrawn since nothing wants them any more. */
  readonly planned: readonly string[];
  readonly started: readonly string[];
  readonly withdrawn: readonly string[];
}
