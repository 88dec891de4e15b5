import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAuthority } from '../../boot/authority.ts';
import type { Directive } from '../../domain/directive.ts';
import { findPort } from '../../host/port.ts';
import { programService } from '../../host/program.ts';
import { Supervisor } from '../../host/supervise.ts';
import { acting } from '../../mdb/acting.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import { bmcs, disks, expectedBmcs, machines, nics, outbox, switchPorts } from '../../mdb/schema.ts';
import type { Entry } from '../../sim/journal.ts';
import { announceRig } from '../../sim/vm/announce.ts';
import type { MachineFacts } from '../../sim/vm/rig.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { sitePolicy } from '../support/site.ts';

// The real birther, the real agent API and the simulator as processes; the test stands in for the workflow.
let store: ThrowawayMdb;
let data: string;
let control: string;
let api: string;
const supervisor = new Supervisor();

beforeAll(async () => {
  store = await throwawayMdb();
  data = await mkdtemp(join(tmpdir(), 'farrier-real-'));
  await openAuthority(join(data, 'authority'), { addresses: ['127.0.0.1'] });
  await mkdir(join(data, 'images', 'boot'), { recursive: true });
  for (const name of ['vmlinuz', 'initrd', 'local.efi'])
    await writeFile(join(data, 'images', 'boot', name), 'simulated');
  await definePlaces(
    store.mdb,
    { class: 'system', name: 'test' },
    {
      siteId: 'home',
      site: { name: 'Home', domain: 'home.test', policy: sitePolicy },
      networks: [
        { id: 'birth', kind: 'birth', cidr: '10.77.0.0/24' },
        { id: 'main', kind: 'main', cidr: '10.1.0.0/16' },
      ],
      profiles: [{ id: 'any' }],
    },
  );
  const [boot, agent, people, sim] = await Promise.all(
    ['birther', 'agent API', 'API', 'simulator'].map((what) => findPort(what, 0)),
  );
  const bootUrl = `http://127.0.0.1:${boot}`;
  const agentUrl = `https://127.0.0.1:${agent}`;
  api = `http://127.0.0.1:${people}`;
  await start('birther', 'boot/main.ts', {
    FARRIER_BOOT_LISTEN: `127.0.0.1:${boot}`,
    FARRIER_BOOT_URL: bootUrl,
    FARRIER_AGENT_URL: agentUrl,
  });
  await start('api', 'api/main.ts', {
    FARRIER_API_LISTEN: `127.0.0.1:${people}`,
    FARRIER_TRUST_LOOPBACK: 'yes',
    FARRIER_AGENT_LISTEN: `127.0.0.1:${agent}`,
  });
  await start('sim', 'sim/main.ts', {
    FARRIER_API: api,
    FARRIER_BOOT_URL: bootUrl,
    FARRIER_SIM_LISTEN: `127.0.0.1:${sim}`,
    FARRIER_SIM_RACKS: '1',
    FARRIER_SIM_PER_RACK: '3',
    FARRIER_SIM_SPEED: '50',
  });
  control = `http://127.0.0.1:${sim}`;
});

afterAll(async () => {
  await supervisor.stop();
  await store.close();
  await rm(data, { recursive: true, force: true });
});

async function start(name: string, main: string, env: Record<string, string>): Promise<void> {
  const shared = { FARRIER_MDB_URL: store.url, FARRIER_DATA: data, FARRIER_SITE: 'home' };
  await supervisor.start(
    programService({
      name,
      command: [process.execPath, new URL(`../../${main}`, import.meta.url).pathname],
      env: { PATH: process.env['PATH'] ?? '', ...shared, ...env },
      log: join(data, `${name}.log`),
      readySeconds: 60,
    }),
  );
}

const polling = { interval: 50 };
const reports = () =>
  store.mdb.select({ key: outbox.key, machine: outbox.machineId, payload: outbox.payload }).from(outbox);
const reported = async (kind: string) =>
  (await reports()).filter(({ payload }) => payload['kind'] === kind).map(({ machine }) => machine);

async function direct(machineId: string, directive: Directive): Promise<void> {
  await acting(store.mdb, { class: 'system', name: 'test' }, null, async (tx) => {
    await tx.update(machines).set({ directive }).where(eq(machines.id, machineId));
  });
}

async function journal(machine: string): Promise<Entry[]> {
  const response = await fetch(`${control}/journal?machine=${machine}&limit=10000`);
  return ((await response.json()) as { entries: Entry[] }).entries;
}

test('only racks, ports and controllers are announced; machines and their parts are found by booting', async () => {
  expect(await store.mdb.select().from(switchPorts)).toHaveLength(3);
  await expect.poll(() => reported('inventory'), polling).toHaveLength(3);
  const found = await store.mdb.select().from(machines).orderBy(asc(machines.id));
  expect(found.map(({ id }) => id)).toEqual(['m-025a00000100', 'm-025a00000200', 'm-025a00000300']);
  expect(found[0]).toMatchObject({
    vendor: 'Simulated',
    product: 'SC-100 Compute',
    memoryMib: 262_144,
    firmware: 'uefi',
  });
  expect(await store.mdb.select().from(disks)).toHaveLength(6);
  const [nic] = await store.mdb.select().from(nics).where(eq(nics.mac, '02:5a:00:00:02:00'));
  expect(nic).toMatchObject({ neighbourChassis: '02:5c:00:00:00:00', neighbourPort: 'Ethernet2' });
  const announced = await store.mdb.select().from(expectedBmcs);
  const claimed = await store.mdb.select().from(bmcs);
  expect(announced.length + claimed.length).toBeGreaterThanOrEqual(3);
});

test('a rig of virtual machines is announced by the same door, and what is refused is told in a sentence', async () => {
  const facts = (origin: string): MachineFacts => ({
    ...{ id: 'vm-1', firmware: 'bios', mac: '52:54:00:fa:00:01', uuid: randomUUID(), serial: 'VM-1', serialLog: '' },
    bmc: { origin, mac: '52:54:00:fb:00:01', secretRef: 'bmc-vm-1' },
    port: { switch: 'vm-switch', chassis: '00:1c:73:fa:00:00', port: 'Ethernet1', unit: 1 },
  });
  for (const _ of ['once', 'again']) await announceRig(api, [facts('https://127.0.0.1:9443')], () => {});
  const ports = await store.mdb.select().from(switchPorts).where(eq(switchPorts.switchId, 'vm-switch'));
  expect(ports).toMatchObject([{ port: 'Ethernet1', rackId: 'V01', unit: 1 }]);
  const expected = await store.mdb.select().from(expectedBmcs).where(eq(expectedBmcs.serial, 'VM-1'));
  expect(expected).toMatchObject([{ origin: 'https://127.0.0.1:9443', secretRef: 'bmc-vm-1' }]);
  await expect(announceRig(api, [facts('https://8.8.8.8')], () => {})).rejects.toThrow(
    "Farrier does not take this rig: 8.8.8.8 is not in the site's networks of controllers",
  );
});

test('a directive that changes is obeyed, and its result is in the MDB', async () => {
  const [machine] = await store.mdb.select().from(machines).orderBy(asc(machines.id));
  const id = machine?.id ?? '';
  await direct(id, { do: 'reboot' });
  await expect
    .poll(async () => (await journal(id)).filter(({ effect }) => effect === 'bootstrap-booted').length, polling)
    .toBe(2);
  await expect.poll(async () => (await reported('inventory')).filter((one) => one === id).length, polling).toBe(2);
});

test('a report that makes no sense is refused with its reason, and the agent goes on asking', async () => {
  const id = 'm-025a00000300';
  await fetch(`${control}/machines/${id}/fault`, {
    method: 'PUT',
    body: JSON.stringify({ kind: 'nonsense-inventory' }),
  });
  await fetch(`${control}/machines/${id}/power`, { method: 'POST', body: JSON.stringify({ do: 'ForceRestart' }) });
  await expect
    .poll(async () => (await journal(id)).find(({ effect }) => effect === 'agent-refused')?.detail, polling)
    .toMatchObject({
      status: 400,
      reason: expect.stringMatching(/memory|cpu|disk/),
    });
  await expect.poll(() => reported('failed'), polling).toContain(id);
});
