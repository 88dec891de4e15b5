import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withSession } from '../../redfish/session.ts';
import { readMacs, readSystem } from '../../redfish/system.ts';
import { openTransport } from '../../redfish/transport.ts';
import { ended, runProcess } from '../../sim/vm/process.ts';
import { openRig, type Rig, type RigOptions } from '../../sim/vm/rig.ts';
import { startBoot, type ThrowawayBoot } from './boot.ts';
import { diskWords, makeTalkingDisk } from './disk.ts';
import { whyNot } from './needs.ts';
import { clientOf, type SendRequest } from './redfish.ts';
import { eventually } from './wait.ts';

const reason = await whyNot(['/usr/lib/ipxe/snponly.efi']);
const system = '/redfish/v1/Systems/1';
const resetAction = `${system}/Actions/ComputerSystem.Reset`;

function optionsIn(folder: string): RigOptions {
  return {
    folder: join(folder, 'vm'),
    secrets: join(folder, 'secrets'),
    cache: join(tmpdir(), 'farrier-test-cache'),
    count: 2,
    firmware: 'mixed',
    memoryMib: 512,
    tpm: false,
    prefix: 'farrier-test',
    capture: true,
    adapt: (spec) => (spec.id === 'vm-1' ? { ...spec, bootOrder: 'disk-first' } : spec),
  };
}

/** Processes that have this text in their command line. */
function processesWith(text: string): Promise<string[]> {
  return new Promise((resolve) => {
    execFile('ps', ['-eo', 'pid,args'], (_, stdout) => {
      resolve(stdout.split('\n').filter((line) => line.includes(text) && !line.includes('ps -eo')));
    });
  });
}

describe.skipIf(reason !== null)(`virtual machines${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  let rig: Rig;
  let boot: ThrowawayBoot;
  let bios: SendRequest;
  let uefi: SendRequest;

  const machine = (index: number) => {
    const found = rig.machines[index];
    if (found === undefined) throw new Error(`no machine ${index}`);
    return found;
  };
  const effects = (id: string, kind: string) =>
    readFileSync(rig.journal, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .filter((effect) => effect.machine === id && effect.kind === kind);
  const scripts = (index: number) =>
    boot.requests.filter(({ path, mac }) => path === '/boot.ipxe' && mac === machine(index).facts.mac);
  const timesDiskSpoke = () => readFileSync(machine(0).facts.serialLog, 'utf8').split(diskWords).length - 1;
  const reset = (ask: SendRequest, type: string) => ask('POST', resetAction, { ResetType: type });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-rig-'));
    await makeTalkingDisk(join(folder, 'vm', 'vm-1', 'system.qcow2'));
    rig = await openRig(optionsIn(folder));
    boot = await startBoot(rig.network, folder);
    bios = await clientOf(machine(0).facts, join(folder, 'secrets'));
    uefi = await clientOf(machine(1).facts, join(folder, 'secrets'));
  });

  afterAll(async () => {
    await boot?.stop();
    await rig?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('shows the machine as it is built', async () => {
    const { body, status } = await bios('GET', system);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      PowerState: 'Off',
      SerialNumber: machine(0).facts.serial,
      UUID: machine(0).facts.uuid,
    });
    const nic = await bios('GET', `${system}/EthernetInterfaces/1`);
    expect(nic.body.MACAddress).toBe(machine(0).facts.mac);
    const manager = await bios('GET', '/redfish/v1/Managers/bmc/EthernetInterfaces/1');
    expect(manager.body.MACAddress).toBe(machine(0).facts.bmc.mac);
  });

  it('boots a UEFI machine from the network when it is powered on', { timeout: 240_000 }, async () => {
    expect((await reset(uefi, 'On')).status).toBe(204);
    const [asked] = await eventually('the UEFI machine to ask', () => scripts(1).length > 0 && scripts(1));
    expect(asked).toMatchObject({ platform: 'efi', uuid: machine(1).facts.uuid, serial: machine(1).facts.serial });
    expect((await uefi('GET', system)).body.PowerState).toBe('On');
  });

  it('boots a BIOS machine as its BMC says: disk, once the network, and the disk again', {
    timeout: 600_000,
  }, async () => {
    expect((await reset(bios, 'On')).status).toBe(204);
    await eventually('the disk to speak', () => timesDiskSpoke() === 1);
    const override = { Boot: { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' } };
    expect((await bios('PATCH', system, override)).status).toBe(204);
    const before = (await bios('GET', system)).body;
    expect(before.Boot).toMatchObject({ BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once' });

    expect((await reset(bios, 'ForceRestart')).status).toBe(204);
    const after = (await bios('GET', system)).body;
    expect(after.Boot).toMatchObject({ BootSourceOverrideTarget: 'None', BootSourceOverrideEnabled: 'Disabled' });
    expect(Date.parse(after.LastResetTime)).toBeGreaterThan(Date.parse(before.LastResetTime));
    const [asked] = await eventually('the BIOS machine to ask', () => scripts(0).length > 0 && scripts(0));
    expect(asked).toMatchObject({ platform: 'pcbios', uuid: machine(0).facts.uuid });
    expect(timesDiskSpoke()).toBe(1);

    expect((await reset(bios, 'ForceRestart')).status).toBe(204);
    await eventually('the disk to speak again', () => timesDiskSpoke() === 2);
    expect(scripts(0)).toHaveLength(1);
    expect(effects('vm-1', 'reset')).toHaveLength(2);
    expect(effects('vm-1', 'boot-override-used')).toHaveLength(1);
  });

  it('takes an override over a power cycle, and uses it at the start', { timeout: 300_000 }, async () => {
    await bios('PATCH', system, { Boot: { BootSourceOverrideTarget: 'Pxe' } });
    const requestCount = scripts(0).length;
    expect((await reset(bios, 'PowerCycle')).status).toBe(204);
    await eventually('the BIOS machine to ask', () => scripts(0).length > requestCount);
    expect(effects('vm-1', 'power-off')).toHaveLength(1);
    expect(effects('vm-1', 'power-on')).toHaveLength(2);
  });

  it('speaks LLDP on each cable, and says another port when told to', { timeout: 120_000 }, async () => {
    const received = (index: number) => readFileSync(join(folder, 'vm', `vm-${index + 1}`, 'frames.pcap'));
    const lldp = Buffer.from('0180c200000e', 'hex');
    await eventually('an LLDP frame', () => [0, 1].every((index) => received(index).includes(lldp)));
    expect(received(0).includes('Ethernet1')).toBe(true);
    expect(received(0).includes('Ethernet2')).toBe(false);
    expect(received(1).includes('Ethernet2')).toBe(true);
    rig.switch.change('vm-2', { port: 'Ethernet47' });
    await eventually('the other port', () => received(1).includes('Ethernet47'));
  });

  it('takes the power away, and says so', { timeout: 60_000 }, async () => {
    expect((await reset(uefi, 'ForceOff')).status).toBe(204);
    expect((await uefi('GET', system)).body.PowerState).toBe('Off');
    // By its socket, which lies in this rig's own folder: another Farrier's rig has a machine of the same name.
    expect(await processesWith(join(rig.network.runtime, 'vm-2.qmp'))).toEqual([]);
    expect((await reset(uefi, 'ForceOff')).status).toBe(204);
    expect(effects('vm-2', 'power-off')).toHaveLength(1);
    const refused = await reset(uefi, 'ForceRestart');
    expect(refused.status).toBe(409);
    expect(refused.body.error['@Message.ExtendedInfo'][0].MessageId).toMatch(
      /^Base\.1\.18(\.\d+)?\.ResourceInStandby$/,
    );
  });

  it('opens and closes sessions, and refuses a wrong password', async () => {
    const secret = JSON.parse(readFileSync(join(folder, 'secrets', 'bmc-vm-1'), 'utf8'));
    const login = { UserName: secret.username, Password: secret.password };
    const sessions = '/redfish/v1/SessionService/Sessions';
    const opened = await bios('POST', sessions, login, {});
    expect(opened.status).toBe(201);
    const token = { 'x-auth-token': String(opened.headers['x-auth-token']) };
    expect((await bios('GET', system, undefined, token)).status).toBe(200);
    expect((await bios('DELETE', String(opened.headers['location']), undefined, token)).status).toBe(204);
    expect((await bios('GET', system, undefined, token)).status).toBe(401);
    expect((await bios('POST', sessions, { ...login, Password: 'wrong' }, {})).status).toBe(401);
    expect((await bios('GET', system, undefined, {})).status).toBe(401);
    expect((await bios('GET', '/redfish/v1/', undefined, {})).status).toBe(200);
  });

  it('is understood by the client of the product, which holds it to its certificate', async () => {
    const credentials = JSON.parse(readFileSync(join(folder, 'secrets', 'bmc-vm-1'), 'utf8'));
    const { facts } = machine(0);
    const first = openTransport(facts.bmc.origin, null);
    const reading = await withSession(first, credentials, async (session) => {
      const found = await readSystem(session);
      return { ...found, macs: await readMacs(session, found) };
    });
    expect(reading).toMatchObject({ uuid: facts.uuid, serial: facts.serial, macs: [facts.mac] });
    const again = openTransport(facts.bmc.origin, first.pin());
    expect((await withSession(again, credentials, (session) => readSystem(session))).uuid).toBe(facts.uuid);
    await Promise.all([first.close(), again.close()]);
    const other = openTransport(machine(1).facts.bmc.origin, first.pin());
    await expect(other.send({ method: 'GET', path: '/redfish/v1/' })).rejects.toMatchObject({ kind: 'pin-changed' });
    await other.close();
  });

  it('refuses what cannot be meant, with a reason', async () => {
    const read = await bios('GET', system);
    const etag = String(read.headers['etag']);
    const boot = { Boot: { BootSourceOverrideTarget: 'Pxe' } };
    const statuses = [
      await bios('GET', '/redfish/v1/Systems/2'),
      await bios('PUT', system, {}),
      await bios('POST', resetAction, { ResetType: 'Explode' }),
      await bios('POST', resetAction, {}),
      await bios('PATCH', system, '{"Boot":'),
      await bios('PATCH', system, { AssetTag: 'x' }),
      await bios('PATCH', system, { Boot: { BootSourceOverrideTarget: 'Cd' } }),
      await bios('PATCH', system, { Boot: { BootSourceOverrideMode: 'UEFI' } }),
      await bios('PATCH', system, 'x'.repeat(20_000)),
    ].map(({ status, body }) => [status, typeof body?.error?.message]);
    expect(statuses.map(([status]) => status)).toEqual([404, 405, 400, 400, 400, 400, 400, 400, 413]);
    expect(new Set(statuses.map(([, kind]) => kind))).toEqual(new Set(['string']));
    const basic = await authorization();
    expect((await bios('GET', system, undefined, { ...basic, 'if-none-match': etag })).status).toBe(304);
    expect((await bios('PATCH', system, boot, { ...basic, 'if-match': '"other"' })).status).toBe(412);
  });

  async function authorization(): Promise<Record<string, string>> {
    const { username, password } = JSON.parse(await readFile(join(folder, 'secrets', 'bmc-vm-1'), 'utf8'));
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }

  it('refuses a second rig in the same folder', async () => {
    await expect(openRig(optionsIn(folder))).rejects.toThrow(/Another rig \(process \d+\) is using/);
  });

  it('leaves nothing behind, and keeps the disks', { timeout: 60_000 }, async () => {
    await boot.stop();
    await rig.close();
    expect(existsSync(`/run/netns/${rig.network.name}`)).toBe(false);
    expect(existsSync(rig.network.runtime)).toBe(false);
    expect(await processesWith(rig.network.name)).toEqual([]);
    expect(existsSync(join(folder, 'vm', 'network.json'))).toBe(false);
    expect(existsSync(join(folder, 'vm', 'vm-1', 'system.qcow2'))).toBe(true);
  });
});

describe.skipIf(reason !== null)('a rig that was killed', () => {
  const main = fileURLToPath(new URL('../../sim/vm/main.ts', import.meta.url));

  function start(data: string) {
    const env = {
      ...process.env,
      FARRIER_DATA: data,
      FARRIER_VM_COUNT: '1',
      FARRIER_VM_FIRMWARE: 'bios',
      FARRIER_VM_AWAIT: '',
    };
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout);
    const line = (msg: string) =>
      new Promise<Record<string, unknown>>((resolve) => {
        lines.on('line', (text) => {
          const parsed = JSON.parse(text);
          if (parsed.msg === msg) resolve(parsed);
        });
      });
    return { child, ready: line('ready'), on: line('power on') };
  }

  it('takes its machines with it, and the next one cleans up and has the same BMCs', { timeout: 120_000 }, async () => {
    const data = await mkdtemp(join(tmpdir(), 'farrier-rig-'));
    try {
      const first = start(data);
      const said = await first.ready;
      const namespace = String(said['namespace']);
      await first.on;
      first.child.kill('SIGKILL');
      await ended(first.child, 10_000);
      await eventually('the machine to die', async () => (await processesWith(`/run/${namespace}/`)).length === 0);
      expect(existsSync(`/run/netns/${namespace}`)).toBe(true);

      const second = start(data);
      expect((await second.ready)['machines']).toEqual(said['machines']);
      await second.on;
      second.child.kill('SIGTERM');
      expect(await ended(second.child, 30_000)).toBe(true);
      expect(second.child.exitCode).toBe(0);
      expect((await runProcess(['ip', 'netns', 'list'])).stdout).not.toContain(namespace);
    } finally {
      await rm(data, { recursive: true, force: true });
    }
  });
});
