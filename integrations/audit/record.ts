import type { ChainRow } from '../../domain/audit/chain.ts';

/** A row of the audit, and the line that its hash can be computed from. */
export interface AuditRecord {
  readonly row: ChainRow;
  readonly line: string;
}
