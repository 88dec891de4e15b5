import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { machines, tags } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { buildReal } from './real.ts';

const real = await buildReal();
if ('why' in real) console.log(`skipped, the machine list is not read by the real mdbd: ${real.why}`);

/** A file's machines as `mdbd` wrote them, by hostname. */
type Written = Record<string, Record<string, unknown>>;

describe.skipIf('why' in real)("the Dominator's own mdbd", () => {
  let base: ThrowawayMdb;
  let app: Awaited<ReturnType<typeof createPeopleApi>>;
  let folder: string;
  let mdbd: ChildProcess | undefined;
  let said = '';

  beforeAll(async () => {
    base = await throwawayMdb();
    await writeSite(base.mdb, { policy: { imageSystem: 'dominator', updatesOff: ['pinned'] } });
    await writeFleet();
    folder = await mkdtemp(join(tmpdir(), 'farrier-mdbd-'));
    const authority = await openAuthority(join(folder, 'authority'));
    const log = pino({ level: 'silent' });
    app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
    await startMdbd(await app.listen({ host: '127.0.0.1', port: 0 }));
  });
  afterAll(async () => {
    if (mdbd?.exitCode === null) {
      const gone = new Promise((resolve) => mdbd?.once('exit', resolve));
      mdbd.kill();
      await gone;
    }
    await app?.close();
    await base?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function writeFleet(): Promise<void> {
    const row = (number: number, more: Partial<typeof machines.$inferInsert>) => ({
      id: `m-0${number}`,
      siteId: 'home',
      mac: `52:54:00:00:00:0${number}`,
      hostname: `a01-u0${number}`,
      address: `10.1.1.${number}`,
      rackId: 'A01',
      unit: number,
      requiredImage: 'compute-1',
      bootState: 'healthy' as const,
      stage: 'in_service' as const,
      ...more,
    });
    await base.mdb
      .insert(machines)
      .values([
        row(1, { owner: 'physics' }),
        row(2, { requiredImage: 'debug-1' }),
        row(3, { pool: 'pinned' }),
        row(4, { requiredImage: 'debug-1', stage: 'deployed' }),
        row(5, { bootState: 'birth', stage: 'profiled' }),
        row(6, { address: null }),
        row(7, {}),
      ]);
    const tag = (machineId: string, key: string, value: string) => ({ machineId, key, value });
    await base.mdb
      .insert(tags)
      .values([
        tag('m-01', 'sku', 'R1'),
        tag('m-01', 'note', 'näh & "so"'),
        tag('m-01', 'RequiredImage', 'a wish'),
        tag('m-07', 'PlannedImage', 'compute-2'),
        tag('m-07', 'DisableUpdates', 'by ann'),
      ]);
  }

  async function startMdbd(origin: string): Promise<void> {
    // It refuses to run as root, and another user can't enter root's cache folder.
    const own = await mkdtemp(join(folder, 'mdbd-'));
    const program = join(own, 'mdbd');
    await copyFile(join('folder' in real ? real.folder : '', 'mdbd'), program);
    const sources = join(own, 'sources');
    await writeFile(sources, `json ${origin}/dominator/mdb.json\n`);
    for (const path of [folder, own, program, sources]) await chmod(path, 0o777);
    const nowhere = join(own, 'none.pem');
    const flags = { sourcesFile: sources, mdbFile: join(own, 'mdb.json'), stateDir: own, portNum: 0, fetchInterval: 1 };
    const keys = { CAfile: nowhere, certFile: nowhere, keyFile: nowhere };
    const words = Object.entries({ ...flags, ...keys }).map(([name, value]) => `-${name}=${value}`);
    const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    mdbd = spawn(program, words, { ...user, cwd: own, stdio: ['ignore', 'ignore', 'pipe'] });
    mdbd.stderr?.on('data', (chunk) => {
      said += chunk;
    });
  }

  async function written(met: (machines: Written) => boolean): Promise<Written> {
    const path = mdbd?.spawnfile.replace(/mdbd$/, 'mdb.json') ?? '';
    const end = Date.now() + 120_000;
    for (;;) {
      const list = JSON.parse(await readFile(path, 'utf8').catch(() => '[]')) as { Hostname: string }[];
      const found: Written = Object.fromEntries(list.map((machine) => [machine.Hostname, machine]));
      if (met(found)) return found;
      if (Date.now() > end || mdbd?.exitCode !== null)
        throw new Error(`it wrote ${JSON.stringify(found)} and said ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  test('writes what the MDB says, for every healthy machine with an address and for no other', async () => {
    const found = await written((list) => Object.keys(list).length > 0);
    const common = { DataSourceType: 'json', Location: 'A01', RequiredImage: 'compute-1' };
    const plain = (number: number) => ({
      ...common,
      Hostname: `a01-u0${number}`,
      IpAddress: `10.1.1.${number}`,
      DataSourceIdentifier: `m-0${number}`,
    });
    expect(found).toEqual({
      'a01-u01': { ...plain(1), OwnerGroup: 'physics', Tags: { sku: 'R1', note: 'näh & "so"' } },
      'a01-u02': { ...plain(2), RequiredImage: 'debug-1', DisableUpdates: true },
      'a01-u03': { ...plain(3), DisableUpdates: true },
      // It has no image yet: with updates off it would never get one.
      'a01-u04': { ...plain(4), RequiredImage: 'debug-1', Tags: { FarrierFetch: 'unthrottled' } },
      'a01-u07': {
        ...plain(7),
        PlannedImage: 'compute-2',
        DisableUpdates: true,
        Tags: { PlannedImage: 'compute-2', DisableUpdates: 'by ann' },
      },
    });
  });

  test('has a new machine one poll after it became healthy, and a withdrawn one no longer', async () => {
    await written((list) => 'a01-u01' in list);
    await base.mdb.execute(sql`update machines set boot_state = 'healthy', stage = 'deployed' where id = 'm-05'`);
    await base.mdb.execute(sql`update machines set boot_state = 'rebirth' where id = 'm-01'`);
    await base.mdb.update(machines).set({ stage: 'in_service' }).where(eq(machines.id, 'm-04'));
    const found = await written((list) => 'a01-u05' in list);
    expect(found).not.toHaveProperty('a01-u01');
    expect(found['a01-u05']).toMatchObject({ Tags: { FarrierFetch: 'unthrottled' } });
    expect(found['a01-u04']).not.toHaveProperty('Tags');
    expect(found['a01-u04']).toMatchObject({ DisableUpdates: true });
  });
});
