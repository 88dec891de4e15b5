import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findPort } from '../../host/port.ts';
import { planNetworkBoot, writeBoot } from '../../redfish/boot.ts';
import { RedfishError } from '../../redfish/errors.ts';
import { chooseReset, sendReset } from '../../redfish/power.ts';
import { gatherHardware } from '../../redfish/read/inventory.ts';
import { probeController } from '../../redfish/read/probe.ts';
import { readSensors } from '../../redfish/read/sensors.ts';
import { type Session, withSession } from '../../redfish/session.ts';
import { readMacs, readSystem } from '../../redfish/system.ts';
import { openTransport } from '../../redfish/transport.ts';
import { tethered } from '../support/tethered.ts';
import { openPython, runFile } from './python.ts';

const opened = await openPython(['sushy-tools==2.2.0', 'sushy==5.14.0']);
if ('missing' in opened) process.stderr.write(`skipped: ${opened.missing}\n`);

const uuid = '27946b59-9e44-4fa7-8e91-f3527a1ef094';
let emulator: ChildProcess;
let origin: string;
let folder: string;

/** The password of the emulator's account, as its file of accounts has it. */
const hashing = "import bcrypt; print(bcrypt.hashpw(b'simulated', bcrypt.gensalt(4)).decode())";

beforeAll(async () => {
  if ('missing' in opened) return;
  folder = await mkdtemp(join(tmpdir(), 'farrier-emulator-'));
  const { stdout: hash } = await runFile(opened.python, ['-c', hashing]);
  await writeFile(join(folder, 'accounts'), `admin:${hash.trim()}\n`);
  const system = { uuid, name: 'fake', power_state: 'Off', nics: [{ mac: '00:5c:52:31:3a:9c', ip: '172.22.0.100' }] };
  const config = [
    `SUSHY_EMULATOR_AUTH_FILE = ${JSON.stringify(join(folder, 'accounts'))}`,
    `SUSHY_EMULATOR_STATE_DIR = ${JSON.stringify(folder)}`,
    `SUSHY_EMULATOR_FAKE_SYSTEMS = [${JSON.stringify(system)}]`,
  ];
  await writeFile(join(folder, 'config.py'), config.join('\n'));
  const port = await findPort('the emulator', 0);
  origin = `http://127.0.0.1:${port}`;
  const script = join(opened.python, '..', 'sushy-emulator');
  const given = ['--fake', '--config', join(folder, 'config.py'), '-i', '127.0.0.1', '-p', String(port)];
  emulator = spawn(...(await tethered(opened.python, script, ...given)), { stdio: 'ignore' });
  await vi.waitUntil(
    () =>
      fetch(`${origin}/redfish/v1/`).then(
        ({ ok }) => ok,
        () => false,
      ),
    { timeout: 120_000, interval: 100 },
  );
});
afterAll(async () => {
  emulator?.kill();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function use<T>(work: (session: Session) => Promise<T>, password = 'simulated'): Promise<T> {
  const transport = openTransport(origin, null);
  try {
    return await withSession(transport, { username: 'admin', password }, work);
  } finally {
    await transport.close();
  }
}

describe.skipIf('missing' in opened)("sushy-tools' emulator, driven by our client,", () => {
  test('is probed and read, by Basic, since it has no sessions', async () => {
    const probe = await use(probeController);
    expect(probe).toMatchObject({ identity: { uuid }, system: { power: 'Off' } });
    expect(probe.resetTypes).toContain('ForceRestart');
    const inventory = await use(gatherHardware);
    expect(inventory).toMatchObject({ identity: { uuid }, system: { power: 'Off' } });
    expect(inventory.nics.map(({ mac }) => mac)).toEqual(['00:5c:52:31:3a:9c']);
    expect((await use(readSensors)).sensors.length).toBeGreaterThan(0);
  });

  test('refuses a wrong password with one attempt and a typed error', async () => {
    const refused = await use(readSystem, 'wrong').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RedfishError);
    expect(refused).toMatchObject({ kind: 'credentials' });
  });

  test('boots from the network once, and is powered on, each seen by its effect', async () => {
    await use(async (session) => {
      const before = await readSystem(session);
      expect(await readMacs(session, before)).toEqual(['00:5c:52:31:3a:9c']);
      const boot = await planNetworkBoot(session, before);
      expect(boot).not.toBeNull();
      if (boot) await writeBoot(session, boot);
      expect((await readSystem(session)).boot.BootSourceOverrideTarget).toBe('Pxe');
      await sendReset(session, before, chooseReset('on', before.resetTypes) ?? '');
      await expect.poll(async () => (await readSystem(session)).power, { interval: 500 }).toBe('On');
    });
  });
});
