import { eq, sql } from 'drizzle-orm';
import * as contract from '../../contract/api.ts';
import { acting, record } from '../../mdb/acting.ts';
import type { MdbOrTransaction } from '../../mdb/connect.ts';
import { sites } from '../../mdb/schema.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';

const tags = ['image system'];

/** What installs the images of this site's machines. A birth keeps the one it began to install for. */
export function serveImageSystem(app: App, { mdb, siteId }: PeopleDependencies): void {
  app.get(
    '/image-system',
    { schema: { tags, summary: "The site's image system", response: { 200: contract.imageSystemView } } },
    () => readImageSystem(mdb, siteId),
  );
  app.put(
    '/image-system',
    {
      schema: {
        tags,
        summary: 'Chooses the image system for the births to come',
        body: contract.imageSystemRequest,
        response: { 200: contract.imageSystemView },
      },
    },
    ({ body, operator }) =>
      acting(mdb, operator, null, async (tx) => {
        const { system, updatesOff, reason } = body;
        const change = { imageSystem: system, ...(updatesOff && { updatesOff }) };
        await tx
          .update(sites)
          .set({ policy: sql`${sites.policy} || ${JSON.stringify(change)}::jsonb` })
          .where(eq(sites.id, siteId));
        const now = await readImageSystem(tx, siteId);
        await record(tx, { actor: operator, action: 'site.image-system', detail: { site: siteId, ...change, reason } });
        return now;
      }),
  );
}

async function readImageSystem(mdb: MdbOrTransaction, siteId: string) {
  const [site] = await mdb.select({ policy: sites.policy }).from(sites).where(eq(sites.id, siteId));
  if (!site) throw new ApiError('not-found', `there is no site ${siteId} yet`);
  return { system: site.policy.imageSystem, updatesOff: [...(site.policy.updatesOff ?? [])] };
}
