/** What controllers offer, kept for the firmware version that it was found with. */
import { and, eq, sql } from 'drizzle-orm';
import type { Mdb } from '../connect.ts';
import { bmcs } from '../schema.ts';

export async function keepProbe(
  mdb: Mdb,
  machineId: string,
  probe: Readonly<Record<string, unknown>>,
  firmwareVersion: string | null,
): Promise<void> {
  await mdb.update(bmcs).set({ probe, firmwareVersion }).where(eq(bmcs.machineId, machineId));
}

/** Adds one section to what is kept, unless that is of another firmware version by now. */
export async function addToProbe(
  mdb: Mdb,
  machineId: string,
  section: string,
  offer: unknown,
  firmwareVersion: string | null,
): Promise<void> {
  const added = sql`jsonb_set(${bmcs.probe}, array['offers', ${section}::text], ${JSON.stringify(offer)}::jsonb)`;
  const same = sql`${bmcs.probe} -> 'basis' ->> 'firmware' is not distinct from ${firmwareVersion}`;
  await mdb
    .update(bmcs)
    .set({ probe: added })
    .where(and(eq(bmcs.machineId, machineId), same));
}

/** What is kept turned out not to be so: the next contact finds out anew. */
export async function forgetProbe(mdb: Mdb, machineId: string): Promise<void> {
  await mdb.update(bmcs).set({ probe: null }).where(eq(bmcs.machineId, machineId));
}
