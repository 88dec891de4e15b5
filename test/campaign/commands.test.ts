/** Campaigns by the stock CLI: each command of docs/campaigns.md is run as it stands there. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../host/cache.ts';
import { startTemporal, type Temporal } from '../../host/temporal.ts';
import { findTemporalCli } from '../../host/temporalcli.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
// Quiets the SDK.
import '../support/temporal.ts';
import { planTestCampaign, well, withCampaign, writePoolMachines } from './bench.ts';

const run = promisify(execFile);
const cache = cacheFolder(process.env);
const path = process.env['PATH'] ?? '';
const page = await readFile(new URL('../../docs/campaigns.md', import.meta.url), 'utf8');
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] as string);
const cli = await findTemporalCli({ cache, path }).catch(() => null);
if (cli === null) process.stderr.write('skipped: the commands of docs/campaigns.md: there is no temporal CLI\n');

describe.skipIf(cli === null)('the commands of docs/campaigns.md', () => {
  let folder: string;
  let server: Temporal;
  let environment: TestWorkflowEnvironment;
  let base: ThrowawayMdb;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-campaigns-'));
    server = await startTemporal({ dataFile: null, logFile: join(folder, 'log'), uiPort: null, cache, path });
    environment = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
    base = await throwawayMdb();
    await writeSite(base.mdb, { racks: 4 });
  });
  afterAll(async () => {
    await environment?.teardown();
    await server?.stop();
    await base?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('each does what the page says', async () => {
    await withCampaign(environment, base.mdb, async (bench) => {
      const done = new Set<string>();
      const ask = async (part: string, hash = '') => {
        const command = commands.find((one) => one.includes(part));
        if (!command) throw new Error(`docs/campaigns.md has no command with ${part}`);
        done.add(command);
        const text = command.replaceAll('kernel-6', bench.id).replaceAll('HASH', hash);
        const env = { ...process.env, PATH: `${dirname(cli as string)}:${path}`, TEMPORAL_ADDRESS: server.address };
        return (await run('sh', ['-c', text], { env, timeout: 240_000 })).stdout;
      };
      bench.ends = () => null;
      await writePoolMachines(base.mdb, bench.pool, 4);
      await planTestCampaign(base.mdb, bench.id, bench.pool, { canary: 0, batch: 2, atOnce: 2 });
      const { hash } = (await bench.show()).campaign;

      await ask('--signal-name start', '0'.repeat(64));
      const refused = await bench.until(({ ignored }) => ignored.length > 0);
      expect(refused).toMatchObject({ state: 'planned', waitingOn: 'person' });
      expect(refused.ignored).toEqual([`start: the plan of ${bench.id} is ${hash}, not ${'0'.repeat(64)}`]);
      await ask('--signal-name start', hash);
      await bench.until(({ state, counts }) => state === 'running' && counts.ordered === 2);
      expect((await bench.show()).campaign.startedBy).toBe('ann');

      expect(await ask('--type status')).toContain('2 machines are under way');
      expect(await ask('workflow metadata')).toContain('2 ordered');
      // Visibility follows a moment after the workflow.
      await expect.poll(() => ask('WorkflowType="campaign"')).toContain(`campaign/${bench.id}`);
      await ask('--name pause');
      await bench.until(({ state, why }) => state === 'paused' && why === 'ann paused it: a storm comes');
      bench.ends = () => well;
      await bench.until(({ counts }) => counts.done === 2 && counts.planned === 2);
      bench.ends = () => null;
      await ask('--name resume');
      await bench.until(({ state, counts }) => state === 'running' && counts.ordered === 2);
      await ask('--name cancel');
      bench.ends = () => ({ state: 'cancelled', outcome: 'cancelled by campaign' });
      expect(await bench.result()).toMatchObject({ state: 'cancelled', counts: { done: 2, cancelled: 2 } });
      expect(commands.filter((command) => !done.has(command))).toEqual([]);
    });
  });
});
