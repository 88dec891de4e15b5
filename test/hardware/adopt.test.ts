import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { eq, ne } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createAdoptionActivities } from '../../activities/adoption/index.ts';
import { createAdoptionLook } from '../../activities/adoption/look.ts';
import { createHardwareActivities } from '../../activities/hardware/index.ts';
import type { ControllerResult } from '../../contract/birth.ts';
import type { AdoptionSeen } from '../../domain/adoption.ts';
import { adoptions, audit, bmcs, expectedBmcs, machines, nics, orders, outbox, signIns } from '../../mdb/schema.ts';
import { openSessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';
import { servePeople } from '../api/serving.ts';
import { serveTree, treeNames, treesAbsent } from '../redfish/tree.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
let fleet: Fleet;
let listening: Listening;
let folder: string;
let secrets: string;
const canary = 'canary-7Tz2';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-adopt-'));
  secrets = join(folder, 'secrets');
  await mkdir(secrets);
  await writeFile(join(secrets, 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
  await writeFile(join(secrets, 'wrong'), JSON.stringify({ username: 'admin', password: canary }));
  served = await servePeople({ secrets });
  const spec = { racks: 1, perRack: 2, folder, bootUrl: 'http://127.0.0.1:9', ca: '' };
  fleet = createFleet({ ...spec, speed: 50 });
  listening = await listenFor(fleet, '127.0.0.1:0', 'ports', 'https');
});
afterAll(async () => {
  await listening?.close();
  await fleet?.stop();
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => {
  const { mdb } = served.base;
  for (const table of [adoptions, outbox, orders, signIns, nics, bmcs, expectedBmcs, machines]) await mdb.delete(table);
});

const simulated = (at = 0) => {
  const machine = fleet.machines[at];
  if (!machine) throw new Error('no machine');
  return machine;
};
const originOf = (at = 0) => listening.originOf(simulated(at).hardware);

const ask = (bmc: string, more: object = {}) =>
  served.ask('POST', '/adoptions', { bmc, secret: 'good', reason: 'new in A12', ...more });

/** As the workflow does it, with a worker of its own. */
async function work(adoptionId: string): Promise<AdoptionSeen> {
  const { mdb } = served.base;
  const pool = openSessionPool();
  try {
    const { lookAtController } = createAdoptionLook(mdb, secretFolder(secrets), pool);
    // The last try: what passes is told by then.
    const seen: AdoptionSeen = await new MockActivityEnvironment({ attempt: 4 }).run(lookAtController as never, {
      adoptionId,
    });
    await createAdoptionActivities(mdb).endAdoption({ adoptionId, seen });
    return seen;
  } finally {
    await pool.close();
  }
}

async function adopt(bmc: string, more: object = {}) {
  const asked = await ask(bmc, more);
  expect(asked).toMatchObject({ status: 202 });
  await work(asked.body.id);
  return (await served.ask('GET', `/adoptions/${asked.body.id}`)).body;
}

describe('an adoption', () => {
  it('plans, and then announces the machine with its birth; its controller is known from then on', async () => {
    const { mdb } = served.base;
    const { hardware } = simulated();
    const planned = await adopt(originOf(), { dryRun: true });
    expect(planned).toMatchObject({ state: 'planned', why: null, machine: null, order: null });
    expect(planned.plan.join('\n')).toMatch(
      /announce m-.*, MAC .*\n.*whose certificate has the key .*\n.*"reset":"On"/,
    );
    expect(await mdb.$count(machines)).toBe(0);

    const done = await adopt(originOf(), { plan: planned.hash, rack: 'A01', unit: 7 });
    // The place was not part of what was reviewed.
    expect(done).toMatchObject({ state: 'refused', why: 'its plan would be another one now: look at it first' });
    const { id } = (await ask(originOf(), { plan: planned.hash, id: 'a-1' })).body;
    await Promise.all([work(id), work(id)]).catch(() => null);
    await work(id);
    const view = (await served.ask('GET', '/adoptions/a-1')).body;
    expect(view).toMatchObject({ state: 'adopted', hash: planned.hash, order: 'birth-a-1' });
    expect(await mdb.select().from(machines)).toMatchObject([
      { id: view.machine, systemUuid: hardware.uuid, serial: hardware.serial, stage: 'racked', rackId: null },
    ]);
    expect(await mdb.select().from(bmcs)).toMatchObject([
      { origin: originOf(), secretRef: 'good', pin: expect.any(String) },
    ]);
    expect(await mdb.select().from(orders)).toMatchObject([
      { id: 'birth-a-1', passage: 'birth', reason: 'new in A12' },
    ]);
    expect((await mdb.select().from(outbox)).map(({ kind }) => kind).sort()).toContain('order');
    expect(await mdb.select().from(signIns)).toMatchObject([{ machineId: view.machine, state: 'accepted' }]);
    // Nothing was sent but sessions: the birth acts.
    expect((await fleet.journal.read()).map(({ effect }) => effect)).not.toContain('power-on');

    const pool = openSessionPool();
    const { checkController } = createHardwareActivities(mdb, secretFolder(secrets), pool);
    const order = { machineId: view.machine, siteId: 'home', orderId: 'birth-a-1' };
    const checked: ControllerResult = await new MockActivityEnvironment().run(checkController as never, order);
    await pool.close();
    expect(checked).toMatchObject({ state: 'match' });
    expect(await ask(originOf())).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining(view.machine) },
    });
  });

  it('is asked once, however often it is asked', async () => {
    const asked = await Promise.all([ask(originOf(), { id: 'a-2' }), ask(originOf(), { id: 'a-2' })]);
    expect(asked.map(({ status }) => status)).toContain(202);
    expect(await ask(originOf(), { id: 'a-2' })).toMatchObject({ status: 202, body: { id: 'a-2' } });
    expect(await ask(originOf())).toMatchObject({ status: 409, body: { field: 'bmc' } });
    expect(await ask(originOf(1), { id: 'a-2' })).toMatchObject({ status: 409, body: { field: 'id' } });
    expect(await served.base.mdb.$count(outbox)).toBe(1);
  });

  it('offers credentials that were refused no second time, and others at once', async () => {
    const bmc = originOf(1);
    const first = await adopt(bmc, { secret: 'wrong', dryRun: true });
    expect(first).toMatchObject({ state: 'refused', why: expect.stringContaining('Controller') });
    const failed = async () => (await fleet.journal.read()).length;
    const before = await failed();
    const again = await adopt(bmc, { secret: 'wrong', dryRun: true });
    expect(again.why).toContain('refused the credentials wrong before');
    expect(await failed()).toBe(before);
    expect(await adopt(bmc, { dryRun: true })).toMatchObject({ state: 'planned' });
    const rows = [await served.base.mdb.select().from(audit), await served.base.mdb.select().from(adoptions)];
    expect(JSON.stringify(rows)).not.toContain(canary);
  });

  it.each([
    ['loopback by another name', 'https://localhost'],
    ['a place outside', '10.20.0.1'],
    ['the metadata of a cloud', '169.254.169.254'],
    ['a number', 'http://0xA9FEA9FE/'],
    ['a name', 'bmc.example'],
    ['IPv6', 'https://[::1]'],
    ['a password', 'https://admin:x@10.9.0.1'],
    ['another driver', 'ipmi://10.9.0.1'],
    ['nonsense', '::'],
  ])('contacts nothing at %s', async (_, bmc) => {
    expect(await ask(bmc)).toMatchObject({ status: 400, body: { field: 'bmc' } });
    expect(await served.base.mdb.$count(adoptions)).toBe(0);
  });

  it('takes no secret that is not there, and no controller that is announced', async () => {
    expect(await ask(originOf(), { secret: 'absent' })).toMatchObject({ status: 404, body: { field: 'secret' } });
    const { mdb } = served.base;
    await mdb.insert(expectedBmcs).values({ origin: originOf(), siteId: 'home', serial: 'x-1', secretRef: 'good' });
    expect(await ask(originOf())).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('announced already') },
    });
  });

  it('refuses a machine that is known, one that is on, and a place that is taken', async () => {
    const { mdb } = served.base;
    const { hardware } = simulated();
    await mdb
      .insert(machines)
      .values({ id: 'm-known', siteId: 'home', mac: '52:54:00:cc:00:01', systemUuid: hardware.uuid });
    expect(await adopt(originOf())).toMatchObject({
      state: 'refused',
      why: 'it is m-known already, by its system UUID',
    });
    await mdb.update(machines).set({ systemUuid: null, rackId: 'A01', unit: 2 }).where(eq(machines.id, 'm-known'));
    expect(await adopt(originOf(), { rack: 'A01', unit: 2 })).toMatchObject({
      why: 'unit 2 of rack A01 holds m-known',
    });
    expect(await adopt(originOf(), { rack: 'A99', unit: 2 })).toMatchObject({ why: 'there is no rack A99' });
    expect(await adopt(originOf(), { mac: '52:54:00:cc:00:09' })).toMatchObject({
      why: expect.stringContaining('and not the MAC 52:54:00:cc:00:09'),
    });
    const seen: AdoptionSeen = {
      look: {
        ...{ vendor: 'HPE', product: 'DL380', uuid: '4c4c4544-0042-3510-8052-b4c04f4d0099', serial: 'CZJ0341ABD' },
        ...{ boardSerial: null, sku: null, macs: ['a4:bf:01:00:00:21'], power: 'Off', key: null, command: {} },
        // The first is that of a virtual NIC, the same on every machine of its kind.
        bmcMacs: ['02:00:00:00:00:01', 'a4:bf:01:00:00:99'],
      },
    };
    await mdb
      .insert(bmcs)
      .values({ machineId: 'm-known', origin: 'https://10.9.0.1', secretRef: 'good', mac: '02:00:00:00:00:01' });
    const settle = async (id: string) => {
      await ask(originOf(), { id });
      await createAdoptionActivities(mdb).endAdoption({ adoptionId: id, seen });
      return (await served.ask('GET', `/adoptions/${id}`)).body;
    };
    expect(await settle('a-3')).toMatchObject({ state: 'adopted' });
    await mdb.delete(orders);
    await mdb.delete(outbox);
    await mdb.delete(bmcs).where(eq(bmcs.origin, originOf()));
    await mdb.update(adoptions).set({ machineId: null });
    await mdb.delete(nics);
    await mdb.delete(machines).where(ne(machines.id, 'm-known'));
    await mdb.update(bmcs).set({ mac: 'a4:bf:01:00:00:99' });
    expect(await settle('a-4')).toMatchObject({ why: "it is m-known already, by its controller's MAC" });
    expect(await mdb.$count(machines)).toBe(1);
  });

  it('says what is there where that is no Redfish', async () => {
    const other = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    );
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as AddressInfo;
    const view = await adopt(`http://127.0.0.1:${port}`);
    expect(view).toMatchObject({
      state: 'refused',
      why: expect.stringContaining(`Controller http://127.0.0.1:${port}`),
    });
    await new Promise((done) => other.close(done));
    expect(await adopt(`http://127.0.0.1:${port}`)).toMatchObject({ state: 'refused' });
  });
});

describe.skipIf(treesAbsent !== null)(`the recorded controllers${treesAbsent ? ` (${treesAbsent})` : ''}`, () => {
  /** Without a person's word on its MAC, and with it; all others are planned at once. */
  const refusals: Readonly<Record<string, readonly [string, string | null]>> = {
    'nvidia-gb200nvl-openbmc-24.12': ['shows no MAC', null],
    'openbmc-stock-2.15': ['shows no MAC', 'too little to know it again by two factors'],
  };

  it.each(treesAbsent === null ? treeNames() : [])(
    '%s is read, and planned or refused with its reason',
    async (name) => {
      const tree = await serveTree(name);
      const plan = (more: object) => adopt(tree.origin, { dryRun: true, ...more });
      const saying = (why: string | null) =>
        why === null
          ? {
              state: 'planned',
              why,
              plan: [expect.stringMatching(/^announce m-[0-9a-f]{12}: /), expect.any(String), expect.any(String)],
            }
          : { state: 'refused', why: expect.stringContaining(why), plan: [] };
      try {
        const [alone, named] = refusals[name] ?? [null, null];
        expect(await plan({ restart: true })).toMatchObject(saying(alone));
        if (alone !== null)
          expect(await plan({ restart: true, mac: 'a4:bf:01:00:00:01' })).toMatchObject(saying(named));
        const { state, why } = await plan({});
        if (alone === null && state === 'refused') expect(why).toMatch(/its power is (On|not told)/);
        expect(tree.sessions()).toBe(0);
      } finally {
        await tree.close();
      }
    },
  );
});
