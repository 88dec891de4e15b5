/**
 * A birth, end to end: `farrier up --vm 2` with nothing but blank disks, BIOS and UEFI. Then the power is off, and
 * what is on the disks is read from outside and compared with the MDB.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { machines } from '../../mdb/schema.ts';
import { rigRack } from '../../sim/vm/rig.ts';
import { whyNot } from './needs.ts';
import { copyDisk, type Ext, extsOf, keysIn, type RawDisk, readFrom, readTree } from './readdisk.ts';
import { effects, type Outcome, readMdb, startUp, wholeMs } from './whole.ts';

const reason = await whyNot(['debugfs', 'e2fsck']);

type Machine = typeof machines.$inferSelect;

describe.skipIf(reason !== null)(`birth of real machines${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let data: string;
  let outcome: Outcome;
  let born: Machine[] = [];
  let failed = false;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'farrier-birth-'));
    outcome = await startUp({ data, count: 2, firmware: 'mixed' });
    born = await readMdb(data, (mdb) => mdb.select().from(machines).orderBy(machines.mac));
  }, wholeMs + 120_000);

  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail';
  });

  afterAll(async () => {
    // What happened to a birth that failed is in its logs and on its disks.
    if (outcome?.code === 0 && !failed) await rm(data, { recursive: true, force: true });
  });

  it('ends with both machines in service, and no person asked', () => {
    expect(outcome.code, `${outcome.said}\nlogs: ${data}`).toBe(0);
    const standing = born.map(({ stage, opState, bootState, held }) => ({ stage, opState, bootState, held }));
    const good = { stage: 'in_service', opState: 'production', bootState: 'healthy', held: null };
    expect(standing).toEqual([good, good]);
    expect(born.map(({ firmware }) => firmware)).toEqual(['bios', 'uefi']);
    expect(born.map(({ rackId, unit }) => [rackId, unit])).toEqual([
      [rigRack, 1],
      [rigRack, 2],
    ]);
  });

  it('put the power on once, and never needed the watchdog', () => {
    for (const id of ['vm-1', 'vm-2']) {
      expect(effects(data, id, 'power-on')).toHaveLength(1);
      expect(effects(data, id, 'watchdog')).toHaveLength(0);
      expect(effects(data, id, 'reset').length).toBeGreaterThanOrEqual(1);
    }
  });

  describe.each([
    ['BIOS', 0],
    ['UEFI', 1],
  ] as const)('the disk of the %s machine', (_, index) => {
    let machine: Machine;
    let disk: RawDisk;
    let root: Ext;
    let folder: string;
    let keys: Buffer[] = [];

    beforeAll(async () => {
      const found = born[index];
      if (found === undefined) throw new Error('it was not born');
      machine = found;
      const own = join(data, 'vm', `vm-${index + 1}`);
      folder = join(data, 'read', String(index));
      disk = await copyDisk(join(own, 'system.qcow2'), folder);
      keys = machine.firmware === 'uefi' ? await keysIn(join(own, 'vars.fd')) : [];
      const exts = await extsOf(disk, keys, folder);
      const named = await Promise.all(
        exts.map(async (ext) => ((await readFrom(ext, '/etc/hostname')) === null ? [] : [ext])),
      );
      const [first] = named.flat();
      if (first === undefined) throw new Error(`none of its ${disk.partitions.length} partitions holds a root`);
      root = first;
    }, 600_000);

    it('has the hostname of the MDB', async () => {
      expect(machine.hostname).toMatch(/./);
      expect((await readFrom(root, '/etc/hostname'))?.trim()).toBe(machine.hostname);
    });

    it('mounts its own root', async () => {
      const lines = ((await readFrom(root, '/etc/fstab')) ?? '').split('\n').filter((line) => !line.startsWith('#'));
      const entry = lines.map((line) => line.trim().split(/\s+/)).find(([, where]) => where === '/');
      expect(entry?.[2]).toMatch(/^ext[234]$/);
      expect([`UUID=${root.uuid}`, `LABEL=${root.label}`, '/dev/mapper/root']).toContain(entry?.[0]);
    });

    it('has the permanent address of the MDB', async () => {
      const files = await readTree(root, '/etc', join(folder, 'etc'));
      const address = machine.address?.replace(/\/.*/, '') ?? 'none';
      const saying = [...files].filter(([, text]) => text.includes(address)).map(([path]) => path);
      expect(saying.filter((path) => /network|interfaces/.test(path))).not.toEqual([]);
    });

    it('is locked by a key that the machine has and the MDB knows by its fingerprint only', () => {
      const prints = keys.map((key) => createHash('sha256').update(key).digest('hex').slice(0, 32));
      if (machine.firmware === 'uefi') {
        expect(machine.keyStore).toBe('nvram');
        expect(prints).toContain(machine.keyFingerprint);
        expect(root.source).not.toContain(disk.path);
      } else {
        expect(machine.keyStore).toBe('none');
        expect(root.source).toContain(disk.path);
      }
    });

    it('carries the mark of the MDB', () => {
      const bytes = Buffer.from(machine.mark.replaceAll('-', ''), 'hex');
      expect(disk.ends.includes(machine.mark) || disk.ends.includes(bytes)).toBe(true);
    });
  });
});
