/**
 * A birth, end to end: `farrier up --vm 2` with nothing but blank disks, BIOS and UEFI. Then the power is off, and
 * what is on the disks is read from outside and compared with the MDB. Then the same machines live on (test/vm/life.ts):
 * the one is cleaned for a new owner, loses a disk and is repaired; the other is born again, and cleaned for nobody.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  bootCounts,
  bundles,
  burnins,
  disks,
  erasures,
  hardwareChanges,
  intents,
  machines,
  orders,
  permits,
  repairAttempts,
  tickets,
} from '../../mdb/schema.ts';
import { rigRack } from '../../sim/vm/rig.ts';
import { writeBays } from './hands.ts';
import { dataDisk, type Mended, newDisk, rebirthVm, repairVm } from './life.ts';
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
import { type FarrierEnd, leased, readMdb, startUp, vmEffects, whileUp, wholeMs } from './whole.ts';

const reason = await whyNot(['debugfs', 'e2fsck']);

type Machine = typeof machines.$inferSelect;

describe.skipIf(reason !== null)(`birth of real machines${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let data: string;
  let outcome: FarrierEnd;
  let born: Machine[] = [];
  /** The root file systems that the birth made, by machine. */
  const roots: Ext[] = [];
  let failed = false;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'farrier-birth-'));
    await mkdir(join(data, 'vm'));
    await writeBays(data, 'vm-1', { data: dataDisk });
    outcome = await startUp({ data, count: 2, firmware: 'mixed' });
    if (outcome.code !== 0) throw new Error(`${outcome.said}\nlogs: ${data}`);
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
    const status = born.map(({ stage, opState, bootState, held }) => ({ stage, opState, bootState, held }));
    const good = { stage: 'in_service', opState: 'production', bootState: 'healthy', held: null };
    expect(status).toEqual([good, good]);
    expect(born.map(({ firmware }) => firmware)).toEqual(['bios', 'uefi']);
    expect(born.map(({ rackId, unit }) => [rackId, unit])).toEqual([
      [rigRack, 1],
      [rigRack, 2],
    ]);
  });

  it('put the power on once, and never needed the watchdog', () => {
    for (const id of ['vm-1', 'vm-2']) {
      expect(vmEffects(data, id, 'power-on')).toHaveLength(1);
      expect(vmEffects(data, id, 'watchdog')).toHaveLength(0);
      expect(vmEffects(data, id, 'reset').length).toBeGreaterThanOrEqual(1);
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
      roots[index] = first;
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

  describe('when they live on', () => {
    const words = `what the old owner left ${randomUUID()}`;
    const own = (index: number) => join(data, 'vm', `vm-${index + 1}`);
    const at = (index: number) => born[index] as Machine;
    let reborn: { keys: Buffer[]; half: Buffer; offset: number; ends: Buffer; root: Ext | undefined };
    let mended: Mended;
    let after: Awaited<ReturnType<typeof readAll>>;
    let raw: string;

    const readAll = () =>
      readMdb(data, async (mdb) => ({
        machines: await mdb.select().from(machines).orderBy(machines.mac),
        orders: new Map((await mdb.select().from(orders)).map((order) => [order.id, order])),
        proof: await mdb.select().from(erasures).orderBy(erasures.orderId, erasures.serial),
        disks: await mdb.select().from(disks).orderBy(disks.serial),
        changes: await mdb.select().from(hardwareChanges).orderBy(hardwareChanges.id),
        burnins: new Map((await mdb.select().from(burnins)).map((one) => [one.orderId, one])),
        bundles: await mdb.select().from(bundles),
        attempts: await mdb.select().from(repairAttempts).orderBy(repairAttempts.id),
        acts: await mdb.select().from(intents),
        permits: await mdb.select().from(permits),
        tickets: await mdb.select().from(tickets),
        served: await mdb.select().from(bootCounts),
      }));

    beforeAll(async () => {
      await leaveWords();
      const aside = join(data, 'aside');
      const began = new Date();
      await whileUp({ data, count: 2, firmware: 'mixed' }, async (operator) => {
        await Promise.all(born.map(({ id }) => operator.booted(id, began)));
        // A tenth of a fleet of two is one at a time.
        for (const name of ['drain/fleet=all', 'reboot/fleet=all'])
          await operator.farrier('semaphore', 'resize', name, '2', '--reason', 'both at once');
        const clean = async (index: number, ...spec: string[]) => {
          const id = `clean-${index + 1}`;
          await operator.farrier('clean', at(index).id, '--cycle', '--reason', 'the next owner', '--id', id, ...spec);
          await operator.done(id);
        };
        const first = async () => {
          await clean(0, '--method', 'overwrite', '--owner', 'next');
          return repairVm(operator, data, at(0).id);
        };
        const second = async () => {
          await rebirthVm(operator, data, at(1).id, aside);
          await clean(1, '--method', 'crypto');
        };
        [mended] = await Promise.all([first(), second()]);
      });
      after = await readAll();
      raw = join(data, 'after.raw');
      await must(['qemu-img', 'convert', '-O', 'raw', join(own(1), 'system.qcow2'), raw]);
      const seen = await keysIn(join(aside, 'vars.fd'));
      const disk = await copyDisk(join(aside, 'system.qcow2'), aside);
      const [root] = (await extsOf(disk, seen, aside)).filter(({ label }) => label === 'root');
      const { ends } = disk;
      reborn = { keys: seen, half: halfOf(ends), offset: disk.partitions[1]?.offset ?? 0, ends, root };
    }, wholeMs);

    async function rootOf(image: string, keys: readonly Buffer[], folder: string): Promise<Ext | undefined> {
      return (await extsOf(await copyDisk(image, folder), keys, folder)).find(({ label }) => label === 'root');
    }

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

    /** What happened to a machine's power while the order ran, whoever did it, and what Farrier says that it did. */
    function powerOf(index: number, order: string) {
      const { startedAt, endedAt } = after.orders.get(order) ?? {};
      const during = ({ time, cause }: { time: string; cause: string }) =>
        cause === 'bmc' && Date.parse(time) > Number(startedAt) && Date.parse(time) < Number(endedAt);
      const happened = ['power-on', 'power-off', 'reset'].flatMap((kind) =>
        vmEffects(data, `vm-${index + 1}`, kind)
          .filter(during)
          .map(() => kind),
      );
      const acts = after.acts.filter(({ orderId }) => orderId === order);
      return { happened, acts: acts.map(({ kind, state }) => `${kind} ${state}`) };
    }

    describe('the clean', () => {
      it('has the proof of their disks, and the owner that was named', () => {
        expect(after.machines[0]).toMatchObject({
          owner: 'next',
          stage: 'in_service',
          opState: 'production',
          held: null,
        });
        const nobodys = { owner: null, stage: 'registered', bootState: 'clean', keyStore: null };
        expect(after.machines[1]).toMatchObject(nobodys);
        const gone = { sampled: 16, survived: 0 };
        expect(after.proof).toMatchObject([
          { serial: 'FVMD00001', method: 'overwrite', state: 'done', evidence: { ...gone, blank: 16 } },
          { serial: dataDisk.serial, method: 'overwrite', state: 'done', evidence: { ...gone, blank: 16 } },
          { serial: 'FVMD00002', method: 'crypto', state: 'done', evidence: { ...gone, opened: true, keyGone: true } },
        ]);
        expect(vmEffects(data, 'vm-2', 'power-off').length).toBeGreaterThanOrEqual(1);
      });

      it('leaves none of the old words in the disk image, and a new system', async () => {
        expect((await readFile(join(own(0), 'system.qcow2'))).includes(words)).toBe(false);
        const root = await rootOf(join(own(0), 'system.qcow2'), [], join(data, 'new'));
        expect((await readFrom(root as Ext, '/etc/hostname'))?.trim()).toBe(after.machines[0]?.hostname);
        expect(await readFrom(root as Ext, '/old-owner')).toBeNull();
      });

      it('leaves a disk that the old key does not open, without the half that was on it', async () => {
        const [key] = reborn.keys;
        if (key === undefined) throw new Error('there was no key');
        expect((await keysIn(join(own(1), 'vars.fd'))).some((one) => one.equals(key))).toBe(false);
        const ends = await readAt(raw, 0, 1024 * 1024);
        expect(ends.every((byte) => byte === 0)).toBe(true);
        // What is still there is still ciphertext: the marks, for whoever has both halves; and nobody has.
        const show = (half: Buffer) => firstOf(raw, reborn.offset, key, half);
        expect((await show(reborn.half)).toString('latin1', 0, 20)).toBe('FARRIER ERASE clean-');
        expect((await show(halfOf(ends))).toString('latin1', 0, 20)).not.toBe('FARRIER ERASE clean-');
      });
    });

    describe('the rebirth', () => {
      const answersOf = (mac: string) => {
        const rows = after.served.filter((row) => row.mac === mac);
        const sum = (state: string, answer: string) =>
          rows.filter((row) => row.state === state && row.answer === answer).reduce((all, row) => all + row.answers, 0);
        return { birth: sum('birth', 'bootstrap') + sum('unknown', 'bootstrap'), rebirth: sum('rebirth', 'bootstrap') };
      };

      it('was answered once with the bootstrap image, as the birth was, and at the permanent address', () => {
        expect(answersOf(at(1).mac)).toEqual({ birth: 1, rebirth: 1 });
        const { startedAt, endedAt } = after.orders.get('rebirth-1') ?? {};
        const addresses = leased(data, at(1).mac, Number(startedAt), Number(endedAt));
        expect([...new Set(addresses)]).toEqual([at(1).address]);
      });

      it('waited for the reboot that a person brought about, and gave no command itself', () => {
        expect(powerOf(1, 'rebirth-1')).toEqual({ happened: ['reset'], acts: [] });
      });

      it('is recorded with its burn-in, and the machine is the one that it was', () => {
        const outcome = expect.stringMatching(/^in service after \d+ s$/);
        expect(after.orders.get('rebirth-1')).toMatchObject({ passage: 'rebirth', state: 'done', outcome });
        expect(after.burnins.get('rebirth-1')).toMatchObject({ machineId: at(1).id, verdict: 'pass' });
        const { id, mac, serial, systemUuid, hostname, address, rackId, unit } = at(1);
        expect(after.machines).toHaveLength(2);
        expect(after.machines[1]).toMatchObject({ id, mac, serial, systemUuid, hostname, address, rackId, unit });
      });

      it('made another root, under another key and the same mark', async () => {
        const [key] = reborn.keys;
        expect(reborn.keys).toHaveLength(1);
        const print = createHash('sha256')
          .update(key as Buffer)
          .digest('hex')
          .slice(0, 32);
        expect(print).not.toBe(at(1).keyFingerprint);
        expect(reborn.root?.uuid).not.toBe(roots[1]?.uuid);
        expect((await readFrom(reborn.root as Ext, '/etc/hostname'))?.trim()).toBe(at(1).hostname);
        const mark = Buffer.from(at(1).mark.replaceAll('-', ''), 'hex');
        expect(reborn.ends.includes(at(1).mark) || reborn.ends.includes(mark)).toBe(true);
      });
    });

    describe('the repair', () => {
      it('was rehearsed while nothing was wrong, and then named the disk that was gone and its bay', () => {
        expect(mended.plan).toContain('observe');
        const sentence = `Disk ${dataDisk.serial} (vdb, 0.1 GB) is not in the machine any more: bay data is empty.`;
        expect(mended.question.question).toContain(sentence);
        expect(mended.question.question).toContain('it reports bad sectors');
        expect(mended.question).toMatchObject({
          owner: 'hands',
          choices: expect.arrayContaining(['fixed', 'parts']),
        });
        expect(mended.ticket.ticket).toMatchObject({ owner: 'hands', closedAt: null });
        expect(mended.ticket.body).toContain(sentence);
        const [bundle] = after.bundles;
        expect(bundle).toMatchObject({ orderId: 'repair-1', fault: `disk/${dataDisk.serial}` });
        expect(bundle?.document).toMatchObject({ missing: [sentence] });
      });

      it('went to hands at once, and left the power to them', () => {
        const attempted = after.attempts.map(({ attempt, outcome }) => `${attempt} ${outcome}`);
        expect(attempted.at(-1)).toBe('rebirth handed-on');
        expect(after.attempts.map(({ attempt }) => attempt)).toEqual(['ticket', 'rebirth']);
        const { acts, happened } = powerOf(0, 'repair-1');
        expect({ acts, happened }).toEqual({ acts: [], happened: ['power-on', 'power-off'] });
      });

      it('had the other disk recognised and confirmed by a person, and knows both', () => {
        const { question, choices } = mended.confirm;
        expect(question).toContain(`vdb (serial ${dataDisk.serial}, 0.1 GB) is gone`);
        expect(question).toContain(`vdb (serial ${newDisk.serial}, 0.1 GB) is in its place`);
        expect(choices).toEqual(['accept', 'retry', 'abandon']);
        const mine = after.disks.filter(({ machineId }) => machineId === at(0).id);
        expect(mine.map(({ serial, present }) => [serial, present])).toEqual([
          ['FVMD00001', true],
          [dataDisk.serial, false],
          [newDisk.serial, true],
        ]);
        const kept = after.changes.map(({ kind, place, change }) => `${kind} ${place} ${change}`);
        expect(kept).toEqual(['drives bay data removed', 'disks vdb swapped']);
        expect(after.changes[1]).toMatchObject({
          before: { serial: dataDisk.serial },
          after: { serial: newDisk.serial },
          confirmedBy: expect.stringMatching(/./),
        });
      });

      it('was verified by a burn-in after one restart under a permit, and the machine is back', () => {
        const id = 'rebirth-of-repair-1';
        expect(after.burnins.get(id)).toMatchObject({ machineId: at(0).id, verdict: 'pass' });
        expect(powerOf(0, id)).toEqual({ acts: ['boot-network done'], happened: ['reset'] });
        const held = after.permits.filter(({ orderId }) => orderId === id);
        expect(held.map(({ semaphore }) => semaphore).sort()).toEqual([
          'semaphore/reboot/fleet=all',
          'semaphore/reboot/rack=V01',
        ]);
        expect(after.machines[0]).toMatchObject({
          stage: 'in_service',
          opState: 'production',
          bootState: 'healthy',
          repairState: 'none',
          held: null,
        });
        expect(after.tickets.map(({ closedAt }) => closedAt === null)).not.toContain(true);
      });
    });
  });
});
