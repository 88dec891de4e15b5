import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Fault } from '../../sim/faults.ts';
import { createFleet, type Fleet, type FleetOptions } from '../../sim/fleet.ts';
import type { Entry, SimEffect } from '../../sim/journal.ts';
import type { SimMachine } from '../../sim/machine.ts';
import { type FakeSite, startFakeSite } from './fakesite.ts';

let folder: string;
let site: FakeSite;
let fleets: Fleet[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-sim-'));
  site = await startFakeSite(join(folder, 'authority'));
  fleets = [];
});

afterEach(async () => {
  for (const fleet of fleets) await fleet.stop();
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

function fleetOf(options: Partial<FleetOptions> = {}): Fleet {
  const fleet = createFleet({
    racks: 1,
    perRack: 1,
    folder: join(folder, 'sim'),
    speed: 100,
    bootUrl: site.bootUrl,
    ca: site.ca,
    ...options,
  });
  fleets.push(fleet);
  return fleet;
}

function first(fleet: Fleet): SimMachine {
  return fleet.machines[0] as SimMachine;
}

/** Waits until the journal shows an effect that many times; gives everything it shows then. */
async function until(fleet: Fleet, effect: SimEffect, times = 1): Promise<Entry[]> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const entries = await fleet.journal.read({ limit: 100_000 });
    if (entries.filter((entry) => entry.effect === effect).length >= times) return entries;
    if (Date.now() > deadline) throw new Error(`no ${times} × ${effect} in: ${JSON.stringify(entries.slice(-20))}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const effectsOf = (entries: readonly Entry[]) => entries.map(({ effect }) => effect);
const stepsTold = () =>
  site.told.filter(({ path }) => path === '/agent/step').map(({ records }) => records[0]?.fields ?? {});

function withFault(fault: Fault): Fleet {
  return fleetOf({ faults: [{ machine: 's001-u01', fault }] });
}

test('a blank machine is born: bootstrap, burn-in, install, reboot, its own disk, ready', async () => {
  const fleet = fleetOf();
  await fleet.start('on');
  const entries = await until(fleet, 'ready');
  expect(effectsOf(entries)).toEqual([
    'power-on',
    'boot-request',
    'bootstrap-booted',
    'agent-session',
    'burned-in',
    'disk-wiped',
    'installed',
    'handed-over',
    'reset',
    'boot-request',
    'disk-booted',
    'ready',
  ]);
  expect(
    stepsTold()
      .filter(({ state }) => state === 'done')
      .map(({ name }) => name),
  ).toEqual(
    'watchdog clock network inventory lldp burnin keys partition filesystem bootloader image root installed handover'.split(
      ' ',
    ),
  );
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
});

test('a machine in service comes up as it was, one that was in mid-birth boots again, the journal goes on', async () => {
  const fleet = fleetOf();
  await fleet.start('on');
  await until(fleet, 'ready');
  fleets = [];
  await fleet.stop();
  const again = fleetOf({ perRack: 2 });
  await again.start('on');
  const entries = await until(again, 'ready', 2);
  expect(first(again).phase).toBe('system');
  const afterwards = entries.slice(12);
  expect(afterwards.every(({ machine }) => machine === 's001-u02')).toBe(true);
  expect(afterwards[0]?.seq).toBe(13);
});

test('forty machines with the same seed are the same machines, and all are born', async () => {
  const fleet = fleetOf({ perRack: 40 });
  await fleet.start('on');
  await until(fleet, 'ready', 40);
  const twin = fleetOf({ perRack: 40, folder: join(folder, 'twin') });
  expect(twin.machines.map(({ hardware }) => hardware)).toEqual(fleet.machines.map(({ hardware }) => hardware));
  expect(new Set(fleet.machines.map(({ hardware }) => hardware.serial)).size).toBe(40);
});

test('an agent API that is down for a while is asked again', async () => {
  site.faults.agentDown = 3;
  const fleet = fleetOf();
  await fleet.start('on');
  expect(effectsOf(await until(fleet, 'ready'))).not.toContain('agent-refused');
});

test('a birther that is away leaves a blank machine without a boot device, and is asked again', async () => {
  const fleet = fleetOf({ bootUrl: 'http://127.0.0.1:9' });
  await fleet.start('on');
  const entries = await until(fleet, 'boot-failed', 2);
  expect(effectsOf(entries)).toContain('no-boot-device');
});

test('an installed machine boots its disk although the birther is away', async () => {
  const fleet = fleetOf();
  await fleet.start('on');
  await until(fleet, 'ready');
  await site.close();
  await first(fleet).reset('ForceRestart', 'test');
  const entries = await until(fleet, 'disk-booted', 2);
  expect(effectsOf(entries)).toContain('boot-failed');
});

test('boot files that are not those of the directive end in a failed step that names the disk', async () => {
  site.faults.otherBootFiles = true;
  await fleetOf().start('on');
  await expect
    .poll(() => stepsTold().find(({ state }) => state === 'failed'))
    .toMatchObject({
      name: 'bootloader',
      device: expect.stringMatching(/^nvme0n1 \(serial SIM.*D0\)$/),
      message: expect.stringContaining('it has checksum 000'),
    });
});

test.each<[Fault, (fleet: Fleet) => Promise<void>]>([
  [
    { kind: 'dead-disk', disk: 0, how: 'io' },
    async () => {
      await expect
        .poll(() => stepsTold().find(({ state }) => state === 'failed'))
        .toMatchObject({
          name: 'partition',
          device: expect.stringMatching(/^nvme0n1 \(serial SIM.*D0\)$/),
        });
    },
  ],
  [
    { kind: 'dead-disk', disk: 0, how: 'missing' },
    async (fleet) => {
      const entries = await until(fleet, 'installed');
      expect(entries.find(({ effect }) => effect === 'installed')?.detail).toMatchObject({ disk: 'nvme1n1' });
    },
  ],
  [
    { kind: 'bad-dimm', slot: 2 },
    async (fleet) => {
      await until(fleet, 'burned-in');
      const parts = site.told.find(({ path }) => path === '/agent/burnin')?.records ?? [];
      expect(parts.find(({ fields }) => fields.ok === '0')?.fields).toMatchObject({
        subject: 'memory',
        device: 'DIMM_C1',
      });
    },
  ],
  [
    { kind: 'no-boot' },
    async (fleet) => {
      await expect.poll(() => first(fleet).phase).toBe('hung');
      expect(site.boots).toEqual([]);
    },
  ],
  [
    { kind: 'boot-loop', seconds: 1 },
    async (fleet) => {
      const entries = await until(fleet, 'bootstrap-booted', 3);
      expect(effectsOf(entries)).not.toContain('agent-session');
    },
  ],
  [
    { kind: 'silent-agent' },
    async (fleet) => {
      await until(fleet, 'agent-session');
      await expect.poll(() => first(fleet).phase).toBe('hung');
      expect(site.told.map(({ path }) => path)).toEqual(['/agent/hello']);
    },
  ],
  [
    { kind: 'wrong-port', port: 'Ethernet999' },
    async (fleet) => {
      await until(fleet, 'ready');
      expect(inventoryTold('lldp')).toMatchObject({ port: 'Ethernet999' });
    },
  ],
  [
    { kind: 'foreign-disk', disk: 1, content: 'ext4' },
    async (fleet) => {
      await until(fleet, 'ready');
      expect(
        site.told
          .flatMap(({ records }) => records)
          .filter(({ kind }) => kind === 'disk')
          .map(({ fields }) => fields.content),
      ).toEqual(['blank', 'ext4']);
    },
  ],
  [
    { kind: 'nonsense-inventory' },
    async (fleet) => {
      await until(fleet, 'agent-session');
      await expect.poll(() => inventoryTold('memory')).toMatchObject({ mib: '-17' });
    },
  ],
])('fault %j', async (fault, check) => {
  const fleet = withFault(fault);
  await fleet.start('on');
  await check(fleet);
});

function inventoryTold(kind: string) {
  return site.told.find(({ path }) => path === '/agent/inventory')?.records.find((record) => record.kind === kind)
    ?.fields;
}

test("a machine in another one's slot shows that one's port", async () => {
  const fleet = fleetOf({
    perRack: 2,
    faults: [{ machine: 's001-u02', fault: { kind: 'duplicate-slot', of: 's001-u01' } }],
  });
  await fleet.start('on');
  await until(fleet, 'ready', 2);
  const ports = site.told
    .flatMap(({ records }) => records)
    .filter(({ kind }) => kind === 'lldp')
    .map(({ fields }) => fields.port);
  expect(ports).toEqual(['Ethernet1', 'Ethernet1']);
});

test('power commands do what a server does with them, lies and delays included', async () => {
  const fleet = fleetOf();
  await fleet.start('off');
  const machine = first(fleet);
  expect(await machine.reset('ForceRestart', 'test')).toBe(false);
  expect(await machine.reset('On', 'test')).toBe(true);
  await until(fleet, 'ready');
  machine.setFault({ kind: 'lying-power' });
  expect(await machine.reset('ForceOff', 'test')).toBe(true);
  expect(machine.state.power).toBe('on');
  machine.clearFault();
  machine.setFault({ kind: 'slow-power', seconds: 20 });
  await machine.reset('ForceOff', 'test');
  expect(machine.state.power).toBe('on');
  await until(fleet, 'power-off');
  machine.clearFault();
  await machine.reset('PushPowerButton', 'test');
  await until(fleet, 'disk-booted', 2);
  await machine.reset('GracefulShutdown', 'test');
  await until(fleet, 'power-off', 2);
  expect(machine.phase).toBe('off');
});

test('an installed system whose report is refused stays up, and says so in the journal', async () => {
  site.faults.refuseReady = true;
  const fleet = fleetOf();
  await fleet.start('on');
  const entries = await until(fleet, 'agent-refused');
  expect(entries.at(-1)?.detail).toMatchObject({ request: 'ready', status: 409 });
  expect(first(fleet).phase).toBe('system');
});

test('a faults file that names a machine that is not there is refused', () => {
  expect(() => fleetOf({ faults: [{ machine: 's009-u01', fault: { kind: 'no-boot' } }] })).toThrow(
    's009-u01, which is not simulated',
  );
});
