/**
 * A birth, end to end: `farrier up --vm 2` with nothing but blank disks, BIOS and UEFI. Then the power is off, and
 * what is on the disks is read from outside and compared with the MDB. Then the same machines are cleaned, the one for
 * a new owner and the other for nobody, and what their owners left is looked for on the disks.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { erasures, machines } from '../../mdb/schema.ts';
import { rigRack } from '../../sim/vm/rig.ts';
import { whyNot } from './needs.ts';
import {
  copyDisk,
  type Ext,
  extsOf,
  firstOf,
  halfOf,
  keysIn,
  must,
  type RawDisk,
  readAt,
  readFrom,
  readTree,
} from './readdisk.ts';
import { eventually } from './wait.ts';
import { effects, type Outcome, readMdb, startUp, whileUp, wholeMs } from './whole.ts';

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

  describe('when they are cleaned', () => {
    const words = `what the old owner left ${randomUUID()}`;
    const own = (index: number) => join(data, 'vm', `vm-${index + 1}`);
    const at = (index: number) => born[index] as Machine;
    let before: { keys: Buffer[]; half: Buffer; offset: number };
    let after: { machines: Machine[]; proof: (typeof erasures.$inferSelect)[] };
    let raw: string;

    beforeAll(async () => {
      await leaveWords();
      const locked = await copyDisk(join(own(1), 'system.qcow2'), join(data, 'before'));
      const keys = await keysIn(join(own(1), 'vars.fd'));
      before = { keys, half: halfOf(locked.ends), offset: locked.partitions[1]?.offset ?? 0 };
      await whileUp({ data, count: 2, firmware: 'mixed' }, async (farrier) => {
        await eventually('the API', () => farrier('machine', 'list').catch(() => null), wholeMs);
        // A tenth of a fleet of two is one at a time.
        for (const name of ['drain/fleet=all', 'reboot/fleet=all'])
          await farrier('semaphore', 'resize', name, '2', '--reason', 'both at once');
        const common = ['--cycle', '--reason', 'the next owner'];
        await farrier('clean', at(0).id, ...common, '--id', 'clean-1', '--method', 'overwrite', '--owner', 'next');
        await farrier('clean', at(1).id, ...common, '--id', 'clean-2', '--method', 'crypto');
        const over = async () => {
          const listed = JSON.parse(await farrier('order', 'list', '--json')) as { id: string; state: string }[];
          return listed.filter(({ id, state }) => /^clean-/.test(id) && state === 'done').length === 2;
        };
        await eventually('both cleans', over, wholeMs);
      });
      after = await readMdb(data, async (mdb) => ({
        machines: await mdb.select().from(machines).orderBy(machines.mac),
        proof: await mdb.select().from(erasures).orderBy(erasures.orderId),
      }));
      raw = join(data, 'after.raw');
      await must(['qemu-img', 'convert', '-O', 'raw', join(own(1), 'system.qcow2'), raw]);
    }, wholeMs);

    /** A file of the old owner in the root that no key locks. */
    async function leaveWords(): Promise<void> {
      const disk = await copyDisk(join(own(0), 'system.qcow2'), join(data, 'words'));
      const [root] = (await extsOf(disk, [], join(data, 'words'))).filter(({ label }) => label === 'root');
      await writeFile(join(data, 'words', 'file'), `${words}\n`.repeat(5000));
      await must(['debugfs', '-w', '-R', `write ${join(data, 'words', 'file')} /old-owner`, root?.source ?? '']);
      await must(['qemu-img', 'convert', '-O', 'qcow2', disk.path, join(data, 'words', 'new.qcow2')]);
      await rename(join(data, 'words', 'new.qcow2'), join(own(0), 'system.qcow2'));
      expect((await readFile(join(own(0), 'system.qcow2'))).includes(words)).toBe(true);
    }

    it('have the proof of their disks, and the owner that was named', () => {
      expect(after.machines[0]).toMatchObject({
        owner: 'next',
        stage: 'in_service',
        opState: 'production',
        held: null,
      });
      expect(after.machines[1]).toMatchObject({ owner: null, stage: 'registered', bootState: 'clean', keyStore: null });
      const gone = { sampled: 16, survived: 0 };
      expect(after.proof).toMatchObject([
        { method: 'overwrite', state: 'done', evidence: { ...gone, blank: 16 } },
        { method: 'crypto', state: 'done', evidence: { ...gone, opened: true, keyGone: true } },
      ]);
      expect(effects(data, 'vm-2', 'power-off').length).toBeGreaterThanOrEqual(1);
    });

    it('leave none of the old words in the disk image, and a new system', async () => {
      expect((await readFile(join(own(0), 'system.qcow2'))).includes(words)).toBe(false);
      const disk = await copyDisk(join(own(0), 'system.qcow2'), join(data, 'new'));
      const [root] = (await extsOf(disk, [], join(data, 'new'))).filter(({ label }) => label === 'root');
      expect((await readFrom(root as Ext, '/etc/hostname'))?.trim()).toBe(after.machines[0]?.hostname);
      expect(await readFrom(root as Ext, '/old-owner')).toBeNull();
    });

    it('leave a disk that the old key does not open, without the half that was on it', async () => {
      const [key] = before.keys;
      if (key === undefined) throw new Error('there was no key');
      expect((await keysIn(join(own(1), 'vars.fd'))).some((one) => one.equals(key))).toBe(false);
      const ends = await readAt(raw, 0, 1024 * 1024);
      expect(ends.every((byte) => byte === 0)).toBe(true);
      // What is still there is still ciphertext: the marks, for whoever has both halves; and nobody has.
      const show = (half: Buffer) => firstOf(raw, before.offset, key, half);
      expect((await show(before.half)).toString('latin1', 0, 20)).toBe('FARRIER ERASE clean-');
      expect((await show(halfOf(ends))).toString('latin1', 0, 20)).not.toBe('FARRIER ERASE clean-');
    });
  });
});
