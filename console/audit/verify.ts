/** The audit's chain verified in the browser: neither the API's nor the database's word is taken for it. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { AuditRows } from '../../contract/auditschemas.ts';
import { parseRow } from '../../domain/audit/chain.ts';
import { type ChainOutcome, walkChain } from '../../domain/audit/walk.ts';

const pageRows = 1000;

/** Reads all rows, a page at a time; `tell` hears how many there were so far. */
export async function verifyRows(
  read: (after: number, limit: number) => Promise<AuditRows>,
  tell: (rows: number) => void,
): Promise<ChainOutcome> {
  const walk = walkChain((text) => bytesToHex(sha256(utf8ToBytes(text))));
  let rows = 0;
  for (let after: number | null = 0; after !== null; ) {
    const page: AuditRows = await read(after, pageRows);
    for (const line of page.rows) {
      const row = parseRow(line);
      if (row === null) throw new Error(`what stands behind row ${after} is no row of the audit`);
      if (!walk.take(row)) return walk.end();
    }
    rows += page.rows.length;
    tell(rows);
    after = page.next;
  }
  return walk.end();
}
