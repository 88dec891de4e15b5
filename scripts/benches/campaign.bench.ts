/**
 * Planning a campaign over a large fleet: from the selector to the plan in the MDB, and starting it, which plans again.
 * Everything runs on this machine, PostgreSQL too. Ends with a line of JSON.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { showCampaign } from '../../api/people/campaignview.ts';
import { standardPace } from '../../domain/campaign/campaign.ts';
import { standardRequests } from '../../domain/requests.ts';
import { parseSelector } from '../../domain/selector.ts';
import { startPostgres } from '../../host/postgres.ts';
import { keepCampaign, readCandidates, startCampaign } from '../../mdb/campaigns/campaigns.ts';
import { progressCampaign } from '../../mdb/campaigns/step.ts';
import { connectMdb, type Mdb } from '../../mdb/connect.ts';
import { migrateMdb } from '../../mdb/migrate.ts';
import { machines, racks, sites } from '../../mdb/schema.ts';
import { setCapacity } from '../../mdb/service/capacity.ts';
import { sitePolicy } from '../../test/support/site.ts';
import { reportBounds } from './verdict.ts';

const { values } = parseArgs({ options: { machines: { type: 'string', default: '10000' } } });
const count = z.coerce.number().int().min(40).max(100_000).parse(values.machines);
/** Budget of the issue: seconds for 10,000 machines. */
const maxSeconds = 2;
const ann = { class: 'user', name: 'ann' } as const;

const folder = await mkdtemp(join(tmpdir(), 'farrier-bench-'));
const postgres = await startPostgres({ folder: join(folder, 'postgres'), database: 'bench', durable: false });
const connection = connectMdb({ url: postgres.url, name: 'bench', connections: 10 });
try {
  await migrateMdb(connection.mdb);
  await writeFleet(connection.mdb);
  process.exitCode = await bench(connection.mdb);
} finally {
  await connection.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Racks of forty, four feeds, ten pools, all in service, under capacity rules of every kind. */
async function writeFleet(mdb: Mdb): Promise<void> {
  await mdb.insert(sites).values({ id: 'home', name: 'home', domain: 'home.example', policy: sitePolicy });
  const rack = (index: number) => `r${String(index).padStart(4, '0')}`;
  const rackRows = Array.from({ length: Math.ceil(count / 40) }, (_, index) => ({
    ...{ id: rack(index), siteId: 'home', ordinal: index + 1, row: `row${index % 10}`, az: '1' },
    feed: `f${index % 4}`,
  }));
  await mdb.insert(racks).values(rackRows);
  const rows = Array.from({ length: count }, (_, index) => {
    const hex = index.toString(16).padStart(6, '0');
    return {
      id: `m-525400${hex}`,
      siteId: 'home',
      mac: `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`,
      rackId: rack(Math.floor(index / 40)),
      unit: (index % 40) + 1,
      pool: `p${index % 10}`,
      stage: 'in_service' as const,
      opState: 'production' as const,
      inServiceAt: new Date(),
    };
  });
  for (let from = 0; from < rows.length; from += 1000) await mdb.insert(machines).values(rows.slice(from, from + 1000));
  for (const scope of ['fleet', 'feed', 'rack', 'pool'] as const)
    await setCapacity(mdb, ann, { scope, name: '*' }, { min: 90, unit: 'percent' }, 'bench');
}

async function bench(mdb: Mdb): Promise<number> {
  const selector = parseSelector('state=production');
  if (typeof selector === 'string') throw new Error(selector);
  const pace = { ...standardPace, canary: 4, rackShare: 5, feedShare: 5, poolShare: 5, atOnce: 200, batch: 500 };
  const what = { passage: 'reboot', request: { ...standardRequests.reboot }, class: null, pace } as const;
  const spec = { ...what, id: 'bench', selector: 'state=production', reason: 'bench' };
  const plan = await timed(async () => keepCampaign(mdb, ann, spec, await readCandidates(mdb, selector)));
  const hash = (await showCampaign(mdb, 'bench', { limit: 0 }))?.campaign.hash ?? '';
  const start = await timed(() => startCampaign(mdb, ann, 'bench', hash, 'bench'));
  const round = await timed(() => progressCampaign(mdb, { campaignId: 'bench', now: Date.now(), healthy: false }));
  process.stdout.write(
    `${JSON.stringify({ bench: 'campaign', machines: count, plan_s: plan, start_s: start, round_s: round })}\n`,
  );
  const max = (maxSeconds * Math.max(count, 10_000)) / 10_000;
  return reportBounds([{ what: `s for a plan over ${count} machines`, measured: plan, budget: ['at most', max] }]);
}

/** Seconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return Math.round(performance.now() - begun) / 1000;
}
