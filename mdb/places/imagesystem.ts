import { eq, sql } from 'drizzle-orm';
import type { ImageSystemName } from '../../domain/machine.ts';
import { type Actor, acting, explain, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { sites } from '../schema.ts';

/** What installs the images of a site, and the pools whose machines in service it leaves alone. */
export interface SiteImageSystem {
  readonly system: ImageSystemName;
  readonly updatesOff: string[];
}

/** Null: the MDB has no such site. */
export async function readImageSystem(mdb: MdbOrTransaction, siteId: string): Promise<SiteImageSystem | null> {
  const [site] = await mdb.select({ policy: sites.policy }).from(sites).where(eq(sites.id, siteId));
  return site ? { system: site.policy.imageSystem, updatesOff: [...(site.policy.updatesOff ?? [])] } : null;
}

/** Chooses it for the births to come; the pools stay as they are where none are named. */
export function setImageSystem(
  mdb: Mdb,
  operator: Actor,
  siteId: string,
  spec: { readonly system: ImageSystemName; readonly updatesOff?: readonly string[] | undefined },
  reason: string,
): Promise<SiteImageSystem | null> {
  return acting(mdb, operator, null, async (tx) => {
    await explain(tx, { reason });
    const { system, updatesOff } = spec;
    const change = { imageSystem: system, ...(updatesOff && { updatesOff }) };
    await tx
      .update(sites)
      .set({ policy: sql`${sites.policy} || ${JSON.stringify(change)}::jsonb` })
      .where(eq(sites.id, siteId));
    const now = await readImageSystem(tx, siteId);
    if (now === null) return null;
    await record(tx, { actor: operator, action: 'site.image-system', detail: { site: siteId, ...change, reason } });
    return now;
  });
}
