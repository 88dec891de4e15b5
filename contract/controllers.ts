/** Keeping up what controllers tell: the sweep over a site, and its activities. Plain data, and small. */

/** Of one site; started by its Schedule. */
export const recordsWorkflow = 'records';

export function recordsWorkflowId(siteId: string): string {
  return `records/${siteId}`;
}

export interface RecordsInput {
  readonly siteId: string;
}

/** What a sweep did: controllers looked at, and those of which something could not be kept up. */
export interface RecordsSummary {
  readonly controllers: number;
  readonly failed: number;
}

/** A machine and the records of it that are due. */
export interface DueRecords {
  readonly machineId: string;
  readonly records: readonly ('events' | 'logs' | 'inventory' | 'settings')[];
}
