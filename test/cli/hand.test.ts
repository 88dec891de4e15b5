import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { type Listening, listenFor } from '../../sim/listen.ts';
import type { SimMachine } from '../../sim/machine.ts';

const main = new URL('../../cli/main.ts', import.meta.url).pathname;
let folder: string;
let fleet: Fleet;
let listening: Listening;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-hand-'));
  // Nothing answers there: the machines only ever find no boot device.
  const options = { racks: 1, perRack: 4, folder, speed: 100, bootUrl: 'http://127.0.0.1:9', ca: '' };
  fleet = createFleet({ ...options, personality: 'standard' });
  listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
});
afterAll(async () => {
  await listening?.close();
  await fleet?.stop();
  await rm(folder, { recursive: true, force: true });
});

const machine = (index: number) => fleet.machines[index] as SimMachine;

/** Runs `farrier bmc <what> <controller> …` as a process, without a terminal; gives its code, output and JSON. */
function farrier(index: number, what: string, ...more: string[]) {
  const env = { PATH: process.env['PATH'] ?? '', FARRIER_BMC_PASSWORD: 'simulated' };
  const args = [main, 'bmc', what, listening.originOf(machine(index).hardware), ...more, '--user', 'admin'];
  return new Promise<{ code: number; out: string; error: string }>((resolve) => {
    const child = execFile(process.execPath, args, { env }, (error, out, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, error: stderr }),
    );
    child.stdin?.end();
  });
}

const effects = async (index: number) =>
  (await fleet.journal.read({ machine: machine(index).id }))
    .map(({ effect }) => effect)
    .filter((effect) => /^(power|reset|bios|boot-override|firmware|bmc)/.test(effect));

describe('farrier bmc power', () => {
  test('shows it, plans on a dry run, and sends nothing without a yes', async () => {
    expect((await farrier(0, 'power')).out).toMatch(/power +Off/);
    const planned = await farrier(0, 'power', 'on', '--dry-run');
    expect(planned).toMatchObject({ code: 0, out: expect.stringContaining('Would send: {"reset":"On"}') });
    expect(await farrier(0, 'power', 'on')).toMatchObject({ code: 2, error: expect.stringContaining('--yes') });
    expect(await effects(0)).toEqual([]);
  });

  test('powers on once, and cuts the power of what does not shut down', async () => {
    expect(await farrier(0, 'power', 'on', '--yes')).toMatchObject({ code: 0, out: expect.stringContaining('done') });
    expect(await farrier(0, 'power', 'on', '--yes')).toMatchObject({ code: 0, out: expect.stringMatching(/already/) });
    const off = JSON.parse((await farrier(0, 'power', 'off', '--timeout', '1', '--yes', '--json')).out);
    expect(off).toMatchObject({ state: 'done', commands: [{ reset: 'GracefulShutdown' }, { reset: 'ForceOff' }] });
    expect(await effects(0)).toEqual(['power-on', 'power-ignored', 'power-off']);
  });

  test('sends a command whose answer was lost no second time, and says what it sees', async () => {
    const path = '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset';
    fleet.bmcOf(machine(1)).faults.set({ path, method: 'POST', cut: 'after', times: 1 });
    expect(await farrier(1, 'power', 'on', '--yes')).toMatchObject({ code: 0, out: expect.stringMatching(/^done/m) });
    expect(await effects(1)).toEqual(['power-on']);
  });
});

describe('farrier bmc boot', () => {
  test('sets what is booted from, shows it, and takes it back', async () => {
    expect(await farrier(2, 'boot', '--once', 'bios', '--yes')).toMatchObject({ code: 0 });
    expect((await farrier(2, 'boot')).out).toMatch(/from +BiosSetup[\s\S]*how +Once/);
    expect(await farrier(2, 'boot', '--once', 'usb', '--yes')).toMatchObject({
      code: 1,
      out: expect.stringContaining('offers no boot from usb'),
    });
    expect(await farrier(2, 'boot', '--off', '--yes')).toMatchObject({ code: 0 });
    expect(JSON.parse((await farrier(2, 'boot', '--json')).out).boot).toMatchObject({
      BootSourceOverrideEnabled: 'Disabled',
    });
  });
});

describe('farrier bmc bios', () => {
  test('sets settings by their kind, shows them as pending, and puts them back to their defaults', async () => {
    const set = await farrier(2, 'bios', 'set', 'SriovSupport=Enabled', 'BootRetrySeconds=30', '--yes');
    expect(set).toMatchObject({ code: 0, out: expect.stringContaining('"BootRetrySeconds":30') });
    expect((await farrier(2, 'bios')).out).toMatch(/SriovSupport +Disabled +Enabled/);
    expect(await farrier(2, 'bios', 'set', 'Nonsense=1', '--yes')).toMatchObject({ code: 2 });
    expect(await farrier(2, 'bios', 'set', 'BootRetrySeconds=soon', '--yes')).toMatchObject({ code: 2 });
    expect(await farrier(2, 'bios', 'set', 'SriovSupport', '--yes')).toMatchObject({ code: 2 });
    expect(await farrier(2, 'bios', 'reset', '--yes')).toMatchObject({ code: 0 });
    expect((await effects(2)).filter((effect) => effect === 'bios-pending')).toHaveLength(2);
  });
});

describe('farrier bmc firmware', () => {
  test('lists it, and updates one component from a file to the version that is read back', async () => {
    expect((await farrier(3, 'firmware')).out).toMatch(/BMC +BMC +1\.12\.3 +yes[\s\S]*Takes images by a form/);
    const file = join(folder, 'bmc.bin');
    await writeFile(file, `SIMFW BIOS 7.7\n${'.'.repeat(100_000)}`);
    const args = ['update', file, '--component', 'BIOS', '--to', '7.7'];
    const planned = JSON.parse((await farrier(3, 'firmware', ...args, '--dry-run', '--json')).out);
    expect(planned).toMatchObject({ state: 'planned', commands: [{ component: 'BIOS', way: 'multipart' }] });
    expect(await farrier(3, 'firmware', 'update', file, '--yes')).toMatchObject({ code: 2 });
    expect(
      await farrier(3, 'firmware', 'update', join(folder, 'no.bin'), '--component', 'BIOS', '--to', '1'),
    ).toMatchObject({ code: 2, error: expect.stringContaining("can't be read") });
    expect(await effects(3)).toEqual([]);
  });
});
