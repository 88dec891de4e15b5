import { eq } from 'drizzle-orm';
import type { Mdb } from '../../mdb/connect.ts';
import { machines } from '../../mdb/schema.ts';

/**
 * Makes room for a machine with this system UUID: what two machines of an MDB have in common identifies neither, and
 * tests that share an MDB play the same hardware one after the other.
 */
export async function retireEarlier(mdb: Mdb, systemUuid: string): Promise<void> {
  await mdb.update(machines).set({ stage: 'retired' }).where(eq(machines.systemUuid, systemUuid));
}
