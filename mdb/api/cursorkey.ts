import type { MdbOrTransaction } from '../connect.ts';
import { cursorKey } from '../schema.ts';

/** What cursors of lists are sealed with, the same for all processes of the API. */
export async function readCursorKey(mdb: MdbOrTransaction): Promise<string> {
  const [row] = await mdb.select().from(cursorKey);
  if (!row) throw new Error('the MDB has no key for cursors');
  return row.key;
}
