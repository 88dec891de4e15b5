import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBirthActivities } from '../../activities/birth/index.ts';
import { type Authority, openAuthority } from '../../boot/authority.ts';
import { imageSystemOf, imageSystems } from '../../boot/imagesystem/index.ts';
import type { Evidence, ImageOffer } from '../../boot/imagesystem/system.ts';
import type { StepStart } from '../../contract/passage.ts';
import type { Directive } from '../../domain/directive.ts';
import { acting, record } from '../../mdb/acting.ts';
import { renderDominatorList } from '../../mdb/permits/dominator.ts';
import { audit, bootCounts, burninParts, disks, machines, nics, orders, sites, steps } from '../../mdb/schema.ts';
import { birthSteps } from '../../workflows/birth/steps.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { sitePolicy, writeSite } from '../support/site.ts';

const { archive, dominator } = imageSystems;
const mib = 1024 * 1024;
const offer: ImageOffer = {
  id: 'compute-1',
  path: 'os/compute-1.tar.gz',
  bytes: 300 * mib,
  sha256: 'ab'.repeat(32),
  signature: 'c2ln',
  layout: { bootMib: 256, rootMib: 'rest', kernel: 'bootstrap' },
};

describe('what the agent is told of the image', () => {
  test('the archive, in a root of four times its size', () => {
    const { imagePath, ...part } = {
      imagePath: offer.path,
      bytes: offer.bytes,
      sha256: offer.sha256,
      signature: 'c2ln',
    };
    expect(archive.plan(offer)).toEqual({ part: { imagePath, ...part }, rootBytes: 1200 * mib });
    expect(archive.plan({ ...offer, bytes: 0 })).toMatchObject({ question: { fault: 'profile/no-archive' } });
  });

  test('nothing, where the root is to stay empty', () => {
    expect(dominator.plan(offer)).toMatchObject({ part: { imagePath: '', bytes: 0 }, rootBytes: 2048 * mib });
    expect(dominator.plan({ ...offer, layout: { ...offer.layout, rootMib: 9000 } })).toMatchObject({
      rootBytes: 9000 * mib,
    });
  });
});

describe('what counts as ready', () => {
  const good: Evidence = { requiredImage: 'i', observedImage: 'i', listed: true, bootedLocally: true };
  test.each([
    ['all well', good, null, null],
    ['another image', { ...good, observedImage: 'j' }, 'ready/image', 'ready/image'],
    ['no image', { ...good, observedImage: null }, 'ready/image', 'ready/image'],
    ['not in the list', { ...good, listed: false }, null, 'ready/not-listed'],
    ['no boot from its own disk', { ...good, bootedLocally: false }, null, 'ready/no-local-boot'],
  ] as const)('%s', (_, evidence, forArchive, forDominator) => {
    expect(archive.judge(evidence)?.fault ?? null).toBe(forArchive);
    expect(dominator.judge(evidence)?.fault ?? null).toBe(forDominator);
  });
});

test('a machine keeps the system that it was told to be installed for', () => {
  const reported: Directive = {
    do: 'handover',
    hostname: 'h',
    address: 'a',
    imageSystem: 'dominator',
    how: 'in-place',
  };
  expect(imageSystemOf(reported, sitePolicy)).toBe('dominator');
  expect(imageSystemOf({ do: 'wait' }, sitePolicy)).toBe('archive');
});

describe('what goes into the new root', () => {
  let folder: string;
  let authority: Authority;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-supply-'));
    authority = await openAuthority(join(folder, 'authority'));
    await mkdir(join(folder, 'boot'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const supply = () =>
    dominator.supply('a01-u01', { authority, images: folder, accessCaFile: join(folder, 'access-ca.pem') });
  const fieldsOf = async () => {
    const supplied = await supply();
    return 'missing' in supplied ? supplied : (supplied[0]?.fields ?? {});
  };

  test('nothing but Farrier’s own files for the archive', async () => {
    const supplies = { authority, images: folder, accessCaFile: '' };
    expect(await archive.supply('a01-u01', supplies)).toEqual([]);
  });

  test('subd by its checksum, as it is now', async () => {
    expect(await fieldsOf()).toMatchObject({ missing: expect.stringContaining('boot/subd') });
    await writeFile(join(folder, 'boot/subd'), 'one');
    const first = await fieldsOf();
    expect(first).toMatchObject({ path: 'boot/subd', bytes: '3', ca: authority.caPem });
    await writeFile(join(folder, 'boot/subd'), 'another');
    const second = (await fieldsOf()) as Record<string, string>;
    expect(second['sha256']).not.toBe((first as Record<string, string>)['sha256']);
    expect(authority.verifyImage(second['sha256'] ?? '', second['signature'] ?? '')).toBe(true);
  });

  test("the site's own access root where there is one, and a word where it is none", async () => {
    const access = await openAuthority(join(folder, 'access'));
    await writeFile(join(folder, 'access-ca.pem'), access.caPem);
    expect(await fieldsOf()).toMatchObject({ ca: access.caPem });
    await writeFile(join(folder, 'access-ca.pem'), access.agentCertPem);
    expect(await fieldsOf()).toMatchObject({ missing: expect.stringContaining('may not sign') });
    await writeFile(join(folder, 'access-ca.pem'), 'nonsense');
    expect(await fieldsOf()).toMatchObject({ missing: expect.stringContaining('PEM certificate') });
  });
});

describe('a birth for the Dominator', () => {
  let db: ThrowawayMdb;
  let activities: ReturnType<typeof createBirthActivities>;
  beforeAll(async () => {
    db = await throwawayMdb();
    await writeSite(db.mdb, { policy: { imageSystem: 'dominator' } });
    activities = createBirthActivities(db.mdb);
  });
  afterAll(() => db?.close());

  const [machineId, mac, orderId] = ['m-020000000001', '02:00:00:00:00:01', 'birth-020000000001-1'];
  const order = { machineId, siteId: 'home', orderId, passage: 'birth' } as const;
  const next = (step: string): StepStart => ({
    step,
    ordinal: (birthSteps.findIndex(({ name }) => name === step) + 1) * 10,
    owner: 'team',
    limit: 60_000,
  });
  const machine = async () => (await db.mdb.select().from(machines).where(eq(machines.id, machineId)))[0];

  async function upToInstalled(): Promise<void> {
    await acting(db.mdb, { class: 'system', name: 'birther' }, orderId, async (tx) => {
      await tx.insert(machines).values({ id: machineId, siteId: 'home', mac, memoryMib: 4096 });
      const port = { neighbourChassis: '52:54:00:ff:00:01', neighbourPort: 'swp1' };
      await tx.insert(nics).values({ mac, machineId, name: 'eth0', ...port });
      const disk = { serial: 'D1', name: 'vda', bytes: 8e9, rotational: false, content: 'blank' };
      await tx.insert(disks).values({ machineId, ...disk });
      await tx.insert(orders).values({ id: orderId, machineId, passage: 'birth', requester: 'x', reason: 'x' });
    });
    await activities.beginBirth({ ...order, next: next('rack') });
    await activities.register({ ...order, next: next('configure') });
    await activities.startProfile({ ...order, next: next('profile') });
    const part = { kind: 'stress', subject: 'cpu', device: 'cpu0', ok: true, seconds: 1 } as const;
    await db.mdb.insert(burninParts).values({ burninId: `burnin-${orderId}`, ...part });
    await activities.decideProfile({ ...order, next: next('deploy') });
  }

  test('leaves the root empty, hands over in place, and is ready only after a boot from its own disk', async () => {
    await upToInstalled();
    expect((await machine())?.directive).toMatchObject({ do: 'install', imageSystem: 'dominator', bytes: 0 });
    expect(await renderDominatorList(db.mdb)).toBe('[]');
    // Who changes the policy now changes the births to come, not this one.
    await db.mdb.update(sites).set({ policy: { ...sitePolicy, imageSystem: 'archive' } });

    const accepted = await activities.acceptInstall({ ...order, next: next('ready') });
    expect(accepted).toMatchObject({ limit: 7_200_000, mayRestart: false });
    expect(await activities.acceptInstall({ ...order, next: next('ready') })).toEqual(accepted);
    expect((await machine())?.directive).toMatchObject({ do: 'handover', how: 'in-place' });
    expect(JSON.parse(await renderDominatorList(db.mdb))).toMatchObject([
      { Hostname: 'A01-01'.toLowerCase(), RequiredImage: 'compute-1', Tags: { FarrierFetch: 'unthrottled' } },
    ]);
    const [deployed] = await db.mdb.select().from(audit).where(eq(audit.action, 'machine.deployed'));
    expect(deployed?.detail).toMatchObject({ imageSystem: 'dominator', firstFetch: 'unthrottled' });
    const [step] = await db.mdb.select().from(steps).where(eq(steps.name, 'ready'));
    expect(Math.round(((step?.limitAt.getTime() ?? 0) - Date.now()) / 60_000)).toBe(120);

    // Before its restart: heard, but from no boot of its own disk. Bootstraps and earlier local boots do not count.
    const count = (answer: string, state: string, lastAt: Date) =>
      db.mdb.insert(bootCounts).values({
        mac,
        minute: new Date(Math.floor(lastAt.getTime() / 60_000) * 60_000),
        state,
        answer,
        requests: 1,
        answers: 1,
        lastAt,
      });
    await count('bootstrap', 'birth', new Date());
    await count('local', 'healthy', new Date(Date.now() - 600_000));
    await hearReady();
    const early = await activities.finishBirth(order);
    expect(early).toMatchObject({
      question: { fault: 'ready/no-local-boot', choices: ['retry', 'accept', 'abandon'] },
    });
    expect((await machine())?.stage).toBe('deployed');

    // The birther writes its counts a moment after it answered: the gate waits for that.
    const finishing = activities.finishBirth(order);
    await count('local', 'healthy', new Date());
    expect(await finishing).toMatchObject({ stage: 'in_service', opState: 'production' });
    expect(JSON.parse(await renderDominatorList(db.mdb))[0].Tags).toEqual({});
  });

  async function hearReady(): Promise<void> {
    const actor = { class: 'node', name: 'agent' } as const;
    await acting(db.mdb, actor, orderId, async (tx) => {
      await tx.execute(sql`update machines set observed_image = required_image where id = ${machineId}`);
      await record(tx, { actor, action: 'agent.ready', machineId, orderId, detail: {} });
    });
  }
});
