/** The end of a machine's console: read where a controller keeps it, scrubbed, and kept for whoever repairs it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRecordActivities } from '../../activities/records/index.ts';
import { scrubConsole } from '../../domain/records/scrub.ts';
import { consoleOf } from '../../mdb/controllers/consoles.ts';
import { bmcs, controllerLogEntries, machines } from '../../mdb/schema.ts';
import { openSessionPool, type SessionPool } from '../../redfish/pool.ts';
import { isConsoleLog, readConsole } from '../../redfish/read/console.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import type { Session } from '../../redfish/session.ts';
import type { PersonalityChoice } from '../../sim/bmc/personalities.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';
import type { SimMachine } from '../../sim/machine.ts';
import { retireEarlier } from '../support/alone.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

describe('a console is kept', () => {
  test.each([
    ['\u001b[2J\u001b[1;37mVendor BIOS\u001b[0m\r', 'Vendor BIOS'],
    ['\u001b]0;title\u0007root#\u0000\u0008 ls', 'root#  ls'],
    ['half a sequence \u001b[3', 'half a sequence 3'],
    [
      'Command line: quiet farrier.url=https://10.0.0.1 farrier.token=Ab3_def-x',
      'Command line: quiet farrier.url=https://10.0.0.1 farrier.token=…',
    ],
    ['PASSWORD: hunter2 accepted', 'PASSWORD: … accepted'],
    ['{"api_key": "a b c", "x": 1}', '{"api_key": …, "x": 1}'],
    ['Authorization: Bearer abcdefgh.ijk', 'Authorization: Bearer …'],
    ['GET ftp://ann:pw@10.0.0.9/x', 'GET ftp://…@10.0.0.9/x'],
    ['key aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3a ready', 'key … ready'],
    // Neither a path nor a UUID, a MAC or a checksum of an image is secret.
    [
      '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0',
      '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0',
    ],
    [
      'UUID 4c4c4544-0042-3510-8052-b4c04f4d4444 a4:bf:01:00:00:01',
      'UUID 4c4c4544-0042-3510-8052-b4c04f4d4444 a4:bf:01:00:00:01',
    ],
    ['login:', 'login:'],
  ])('%j as %j', (line, kept) => expect(scrubConsole([line])).toEqual([kept]));

  test('without private keys', () => {
    const lines = ['before', '-----BEGIN RSA PRIVATE KEY-----', 'MIIBOg', '-----END RSA PRIVATE KEY-----', 'after'];
    expect(scrubConsole(lines)).toEqual(['before', '…', '…', '…', 'after']);
  });

  test('by its end, in 8 KiB of lines of 300 characters', () => {
    const kept = scrubConsole(Array.from({ length: 100 }, (_, line) => `${line} ${'é'.repeat(5000)}`));
    expect(kept.at(-1)).toBe(`99 ${'é'.repeat(297)}`);
    expect(Buffer.byteLength(kept.join('\n'))).toBeLessThanOrEqual(8192);
    expect(kept.length).toBe(13);
  });
});

describe('a log is a console', () => {
  test.each([
    [{ Id: 'HostLogger', Name: 'Host Logger Service' }, true],
    [{ Id: 'SOL', Name: 'Serial Console' }, true],
    [{ Id: 'Sel', Name: 'SEL Log Service', Description: 'System Event Log' }, false],
    [{ Id: 'Log1', Name: 'Console sessions' }, false],
  ])('%j: %s', (service, is) => expect(isConsoleLog(service)).toBe(is));

  const log = '/redfish/v1/Systems/system/LogServices/HostLogger';
  /** A controller that shows 1,000 lines on a page, the oldest first, as bmcweb does. */
  const shows = (lines: number) => {
    const requests: string[] = [];
    const collection = (...paths: string[]) => ({ Members: paths.map((path) => ({ '@odata.id': path })) });
    const page = (skip: number) => {
      const places = Array.from({ length: Math.min(1000, lines - skip) }, (_, place) => skip + place);
      const Members = places.map((Id) => ({
        '@odata.id': `${log}/Entries/${Id}`,
        Id: String(Id),
        Message: `line ${Id}`,
      }));
      const more = skip + 1000 < lines ? { 'Members@odata.nextLink': `${log}/Entries?$skip=${skip + 1000}` } : {};
      return { '@odata.id': `${log}/Entries`, Members, ...more };
    };
    const tree: Record<string, object> = {
      '/redfish/v1/Systems': collection('/redfish/v1/Systems/system'),
      '/redfish/v1/Systems/system': { LogServices: { '@odata.id': '/redfish/v1/Systems/system/LogServices' } },
      '/redfish/v1/Systems/system/LogServices': collection(log),
      [log]: { Id: 'HostLogger', Entries: { '@odata.id': `${log}/Entries` } },
    };
    const get = async (path: string) => {
      requests.push(path);
      const [, skip = '0'] = /\?\$skip=(\d+)/.exec(path) ?? [];
      return { '@odata.id': path, ...(tree[path] ?? page(Number(skip))) };
    };
    return {
      requests,
      session: { get, root: async () => ({ Systems: { '@odata.id': '/redfish/v1/Systems' } }) } as unknown as Session,
    };
  };

  test('whose last hundred lines are read, behind as many pages as there are', async () => {
    const tail = await readConsole(shows(2500).session);
    expect(tail).toHaveLength(100);
    expect(tail?.at(-1)).toBe('line 2499');
  });

  test('of which no more than twenty pages are passed over', async () => {
    const { session, requests } = shows(50_000);
    await readConsole(session);
    expect(requests.filter((path) => path.startsWith(`${log}/Entries`))).toHaveLength(20);
  });

  test('and none where it is empty', async () => expect(await readConsole(shows(0).session)).toEqual([]));
});

describe('a simulated controller', () => {
  let db: ThrowawayMdb;
  let folder: string;
  let pool: SessionPool;
  beforeAll(async () => {
    db = await throwawayMdb();
    await writeSite(db.mdb);
    folder = await mkdtemp(join(tmpdir(), 'farrier-console-'));
    await writeFile(join(folder, 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
    pool = openSessionPool();
  });
  afterAll(async () => {
    await pool?.close();
    await db?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function withMachine(personality: PersonalityChoice, work: (machine: SimMachine, id: string) => Promise<void>) {
    // Nothing answers there: the machine only ever finds no boot device.
    const own = await mkdtemp(join(folder, 'fleet-'));
    const made = { racks: 1, perRack: 1, folder: own, speed: 200, bootUrl: 'http://127.0.0.1:9', ca: '', personality };
    const fleet: Fleet = createFleet(made);
    const listening: Listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
    const machine = fleet.machines[0] as SimMachine;
    const id = `m-console-${personality}`;
    const { uuid, serial } = machine.hardware;
    const mac = `02:dc:00:00:00:0${personality.length % 10}`;
    await retireEarlier(db.mdb, uuid);
    await db.mdb.insert(machines).values({ id, siteId: 'home', mac, systemUuid: uuid, serial });
    await db.mdb
      .insert(bmcs)
      .values({ machineId: id, origin: listening.originOf(machine.hardware), secretRef: 'good' });
    await work(machine, id).finally(async () => {
      await listening.close();
      await fleet.stop();
    });
  }
  const records = () => createRecordActivities(db.mdb, secretFolder(folder), pool, { receiver: null });
  const keep = (machineId: string) => {
    const activity = records().keepConsole as (input: unknown) => Promise<unknown>;
    return new MockActivityEnvironment().run(activity, { machineId });
  };

  test('of OpenBMC keeps what its machine wrote as it booted, and its logs do without', async () => {
    await withMachine('openbmc', async (machine, id) => {
      await keep(id);
      expect(await consoleOf(db.mdb, id)).toMatchObject({ lines: [], missing: 'the log of its console is empty' });
      machine.powerOn('test');
      await expect.poll(() => machine.console).toContain('No bootable device was found.');
      machine.print('Command line: farrier.token=Ab3_def-x');
      await keep(id);
      const { lines, missing } = (await consoleOf(db.mdb, id)) ?? {};
      expect(missing).toBeNull();
      expect(lines?.[0]).toMatch(/^\S.* BIOS /);
      expect(lines).toEqual(expect.arrayContaining(['No bootable device was found.', 'Command line: farrier.token=…']));
      const activity = records().keepRecords as (input: unknown) => Promise<unknown>;
      await new MockActivityEnvironment().run(activity, {
        siteId: 'home',
        due: [{ machineId: id, records: ['logs'] }],
      });
      const kept = await db.mdb.select().from(controllerLogEntries);
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.filter(({ log }) => log.includes('HostLogger'))).toEqual([]);
    });
  });

  test('that keeps none is told so, and one that does not answer too', async () => {
    await withMachine('standard', async (_, id) => {
      await keep(id);
      expect(await consoleOf(db.mdb, id)).toMatchObject({ missing: 'its controller keeps no log of the console' });
      await db.mdb.update(bmcs).set({ origin: 'http://127.0.0.1:9' }).where(eq(bmcs.machineId, id));
      await keep(id);
      expect(await consoleOf(db.mdb, id)).toMatchObject({ lines: [], missing: expect.stringContaining('127.0.0.1:9') });
    });
    await db.mdb.delete(bmcs);
    await keep('m-console-standard');
    expect(await consoleOf(db.mdb, 'm-console-standard')).toMatchObject({ missing: 'no controller of it is known' });
  });
});
