import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
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
  folder = await mkdtemp(join(tmpdir(), 'farrier-control-'));
  // Nothing answers there: the machines only ever find no boot device.
  const options = { racks: 1, perRack: 3, folder, speed: 500, bootUrl: 'http://127.0.0.1:9', ca: '' };
  fleet = createFleet({ ...options, personality: 'supermicro' });
  listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
});
afterAll(async () => {
  await listening?.close();
  await fleet?.stop();
  await rm(folder, { recursive: true, force: true });
});

const machine = (index: number) => fleet.machines[index] as SimMachine;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs `farrier bmc <what> <controller> …` as a process, without a terminal. */
function farrier(index: number, what: string, ...more: string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', FARRIER_BMC_PASSWORD: 'simulated' };
  const args = [main, 'bmc', what, listening.originOf(machine(index).hardware), ...more, '--user', 'admin'];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env }, (error, out, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, error: stderr }),
    );
    child.stdin?.end();
  });
}

const effects = async (index: number) =>
  (await fleet.journal.read({ machine: machine(index).id }))
    .map(({ effect }) => effect)
    .filter((effect) => !effect.startsWith('session-'));

describe('farrier bmc, where it acts', () => {
  test('sends nothing without a yes or a terminal to give it on', async () => {
    const ran = await farrier(0, 'led', 'on');
    expect(ran).toMatchObject({ code: 2, out: '', error: expect.stringContaining('--yes') });
    expect(await effects(0)).toEqual([]);
  });

  test('switches the light, and says what was sent and seen', async () => {
    const ran = await farrier(0, 'led', 'on', '--yes');
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).toMatch(/Sent: .*"LocationIndicatorActive":true/);
    expect(ran.out).toContain('done: the light shows true');
    expect(await effects(0)).toEqual(['indicator']);
  });

  test('puts an image in, shows it, and ends with 1 where an act is refused', async () => {
    const image = 'http://127.0.0.1:9/rescue.iso';
    expect(await farrier(0, 'media', 'insert', image, '--yes')).toMatchObject({ code: 0 });
    const other = await farrier(0, 'media', 'insert', image.replace('rescue', 'other'), '--dry-run');
    expect(other).toMatchObject({ code: 0, out: expect.stringMatching(/Would send: .*"eject":true/) });
    expect((await farrier(0, 'media')).out).toMatch(/VirtualMedia1 .*rescue\.iso/);
    expect(await farrier(0, 'media', 'insert', image.replace('rescue', 'other'), '--yes')).toMatchObject({ code: 0 });
    expect((await farrier(0, 'media')).out).toMatch(/VirtualMedia1 .*other\.iso/);
    const refused = await farrier(0, 'media', 'insert', 'http://me:secret@127.0.0.1/a.iso', '--yes', '--json');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({ state: 'not_done', commands: [] });
    expect(refused.out + refused.error).not.toContain('secret');
    expect(await effects(0)).toEqual(['indicator', 'media-inserted', 'media-ejected', 'media-inserted']);
  });

  test('changes Secure Boot, and shows that it is not in force before a start', async () => {
    expect(await farrier(0, 'secureboot', 'reset-keys', '--yes')).toMatchObject({ code: 0 });
    expect(await farrier(0, 'secureboot', 'enable', '--yes')).toMatchObject({ code: 0 });
    const shown = await farrier(0, 'secureboot', '--json');
    expect(JSON.parse(shown.out).secureBoot).toEqual({ enabled: true, inForce: false, mode: 'UserMode' });
  });

  test('tells how the console is reached, and that there are no mains to cycle', async () => {
    const { out } = await farrier(0, 'console');
    expect(out).toContain('ssh -p 22 admin@127.0.0.1   then: cd system1/sol1; start');
    expect(out).toContain('ipmitool -I lanplus -H 127.0.0.1 -p 623 -U admin sol activate');
    expect(await farrier(0, 'ac-cycle', '--yes')).toMatchObject({
      code: 1,
      out: expect.stringContaining('no known way'),
    });
  });
});

describe('farrier bmc accounts', () => {
  const secret = () => join(folder, 'new-secret');
  const read = async () => JSON.parse(await readFile(secret(), 'utf8'));

  test('lists them, and the limits of their passwords', async () => {
    const { out } = await farrier(1, 'accounts');
    expect(out).toMatch(/1 +admin +Administrator +yes/);
    expect(out).toContain('Passwords: 8 to 20 characters.');
  });

  test('says in a dry run what would be done, and stages nothing', async () => {
    const ran = await farrier(1, 'accounts', 'rotate', '--secret', secret(), '--dry-run');
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('Accounts/1 would get one of 20 characters') });
    expect((await readdir(folder)).filter((name) => name.startsWith('new-secret'))).toEqual([]);
    expect(await effects(1)).toEqual([]);
  });

  test('rotates: the answer lost, the next run finds out which password is in force', async () => {
    const path = '/redfish/v1/AccountService/Accounts/1';
    fleet.bmcOf(machine(1)).faults.set({ path, method: 'PATCH', cut: 'after', times: 1 });
    const first = await farrier(1, 'accounts', 'rotate', '--secret', secret(), '--yes');
    expect(first).toMatchObject({ code: 1, out: expect.stringContaining('run this again') });
    expect(await readdir(folder)).toContain('new-secret.pending');
    const second = await farrier(1, 'accounts', 'rotate', '--secret', secret(), '--yes');
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining('takes the new password') });
    const { password, username } = await read();
    expect(machine(1).state.controller?.accounts?.['1']).toEqual({ username, password });
    expect((await stat(secret())).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).not.toContain('new-secret.pending');
    expect(first.out + second.out + first.error + second.error).not.toContain(password);
    expect(await effects(1)).toEqual(['password-changed']);
  });

  test('makes another account, and takes it away', async () => {
    const other = join(folder, 'night-shift');
    expect(await farrier(2, 'accounts', 'create', 'night', '--secret', other, '--yes')).toMatchObject({ code: 0 });
    const { password, username } = JSON.parse(await readFile(other, 'utf8'));
    const made = { username, password, role: 'Administrator', enabled: true };
    expect(Object.values(machine(2).state.controller?.accounts ?? {})).toContainEqual(made);
    expect(await farrier(2, 'accounts', 'remove', 'admin', '--yes')).toMatchObject({ code: 1 });
    expect(await farrier(2, 'accounts', 'remove', 'night', '--yes')).toMatchObject({ code: 0 });
    expect((await farrier(2, 'accounts')).out).not.toContain('night');
    expect(await effects(2)).toEqual(['password-changed', 'password-changed']);
  });

  test('never writes over a secret', async () => {
    const before = await read();
    const ran = await farrier(1, 'accounts', 'rotate', '--secret', secret(), '--yes');
    expect(ran).toMatchObject({ code: 1, error: expect.stringContaining('there already') });
    expect(await read()).toEqual(before);
  });
});
