import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { upCommand } from '../../cli/up/options.ts';
import { readVmFaults } from '../../sim/vm/faults.ts';
import { nthMachine } from '../../sim/vm/identity.ts';
import { lldpFrame } from '../../sim/vm/lldp.ts';
import { recall } from '../../sim/vm/memory.ts';
import { namespaceName } from '../../sim/vm/network.ts';
import { bootDevices, equip, qemuArguments, type VmPaths } from '../../sim/vm/qemu.ts';
import { names } from '../../sim/vm/reply.ts';
import { basicCredentials, VmSessions } from '../../sim/vm/sessions.ts';
import { commandLine, ownEnvironment, whileUp } from './whole.ts';

const face = {
  chassis: '00:1c:73:0a:07:01',
  port: 'Ethernet12',
  description: 'rack A07 u12',
  system: 'sw-a07',
  pvid: 40,
};
const fleet = { firmware: 'mixed', memoryMib: 512, tpm: false } as const;

describe('LLDP frames', () => {
  it('are as the standard says', () => {
    const frame = lldpFrame(face, '00:1c:73:0a:07:0c').toString('hex');
    const fields = [
      '0180c200000e001c730a070c88cc',
      '020704001c730a0701',
      `040b05${Buffer.from('Ethernet12').toString('hex')}`,
      '06020078',
      `080c${Buffer.from('rack A07 u12').toString('hex')}`,
      `0a06${Buffer.from('sw-a07').toString('hex')}`,
      'fe060080c2010028',
      '0000',
    ];
    expect(frame).toBe(fields.join(''));
  });

  it('name a chassis that is no MAC as it is, and are never shorter than Ethernet allows', () => {
    const short = { chassis: 'x', port: '1', description: '', system: '', pvid: null };
    const frame = lldpFrame(short, '00:1c:73:0a:07:0c');
    expect(frame.length).toBe(60);
    expect(frame.subarray(14, 18).toString('hex')).toBe('02020778');
  });

  it('refuse a text that no field holds', () => {
    expect(() => lldpFrame({ ...face, description: 'x'.repeat(512) }, '00:1c:73:0a:07:0c')).toThrow(RangeError);
  });
});

describe('the nth machine', () => {
  const machines = Array.from({ length: 48 }, (_, index) => nthMachine(fleet, index + 1));

  it('is the same each time, and no two share an identity', () => {
    expect(nthMachine(fleet, 7)).toEqual(machines[6]);
    for (const key of ['id', 'uuid', 'serial', 'boardSerial'] as const) {
      expect(new Set(machines.map((machine) => machine[key])).size).toBe(48);
    }
    expect(new Set(machines.map(({ nic }) => nic.mac)).size).toBe(48);
    for (const { uuid } of machines)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is BIOS and UEFI in turn where both are wanted', () => {
    expect(machines.slice(0, 4).map(({ firmware }) => firmware)).toEqual(['bios', 'uefi', 'bios', 'uefi']);
  });
});

describe('the command line of a machine', () => {
  const spec = nthMachine({ ...fleet, firmware: 'uefi' }, 1);
  const places: VmPaths = {
    qmp: '/run/x/qmp',
    lldp: '/run/x/lldp',
    tpm: '/run/x/tpm',
    tpmState: '/data/tpm',
    serialLog: '/da,ta/serial.log',
    disk: (name) => `/da,ta/${name}.qcow2`,
    vars: '/data/vars.fd',
    capture: null,
  };
  const uefi = { code: '/code.fd', vars: '/vars.fd' };

  it('quotes commas in paths, which part QEMU options otherwise', () => {
    const argv = qemuArguments(spec, places, { accelerator: 'tcg', uefi }, 'None');
    expect(argv.filter((each) => each.includes('/da,ta'))).toEqual([]);
    expect(argv.filter((each) => each.includes('/da,,ta'))).toHaveLength(2);
  });

  it('has the disks that are in its bays', () => {
    const data = { serial: 'FVMDATA1', gib: 1 };
    const serials = (argv: string[]) => argv.flatMap((each) => /^virtio-blk.*serial=(\w+)/.exec(each)?.[1] ?? []);
    const argv = (bays: Parameters<typeof equip>[1]) => {
      const fitted = equip(spec, bays);
      return serials(qemuArguments(fitted, places, { accelerator: 'tcg', uefi }, 'None'));
    };
    expect(argv({})).toEqual(['FVMD00001']);
    expect(argv({ data })).toEqual(['FVMD00001', 'FVMDATA1']);
    expect(argv({ data: null })).toEqual(['FVMD00001']);
    expect(argv({ system: null, data })).toEqual(['FVMDATA1']);
  });

  it('tries the devices in the order that is asked for', () => {
    expect(bootDevices(spec, 'None')).toEqual(['nic0', 'disk0']);
    expect(bootDevices(spec, 'Hdd')).toEqual(['disk0', 'nic0']);
    expect(bootDevices({ ...spec, bootOrder: 'disk-first' }, 'None')).toEqual(['disk0', 'nic0']);
    expect(bootDevices({ ...spec, bootOrder: 'disk-first' }, 'Pxe')).toEqual(['nic0', 'disk0']);
  });
});

describe('sessions', () => {
  const credentials = { username: 'farrier', password: 'correct' };

  it('are bounded, and a closed one makes room', () => {
    const sessions = new VmSessions(credentials);
    const opened = Array.from({ length: 8 }, () => sessions.open('farrier'));
    expect(sessions.open('farrier')).toBeNull();
    expect(sessions.close(opened[0]?.id ?? '')).toBe(true);
    expect(sessions.open('farrier')).not.toBeNull();
    expect(sessions.byToken(opened[0]?.token ?? '')).toBeNull();
  });

  it('open for the right account only', () => {
    const sessions = new VmSessions(credentials);
    expect(sessions.accepts(credentials)).toBe(true);
    expect(sessions.accepts({ ...credentials, password: 'wrong' })).toBe(false);
    expect(sessions.accepts({ ...credentials, username: 'root' })).toBe(false);
  });

  it('read Basic authorization with colons in the password, and nothing else', () => {
    const header = `Basic ${Buffer.from('a:b:c').toString('base64')}`;
    expect(basicCredentials(header)).toEqual({ username: 'a', password: 'b:c' });
    for (const bad of [
      undefined,
      '',
      'Basic',
      'Basic !!!',
      'Bearer x',
      `Basic ${Buffer.from('nocolon').toString('base64')}`,
    ]) {
      expect(basicCredentials(bad)).toBeNull();
    }
  });
});

describe('what a person wrote', () => {
  it('is refused with the file and the reason when it cannot be meant', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'farrier-parts-'));
    const file = join(folder, 'faults.json');
    expect(await readVmFaults(file)).toEqual({});
    await writeFile(file, '{"vm-1":{"port":"Ethernet9","silent":true}}');
    expect(await readVmFaults(file)).toEqual({ 'vm-1': { port: 'Ethernet9', silent: true } });
    await writeFile(file, '{"vm-1":{"bays":{"data":{"serial":"D1","gib":1},"system":null}}}');
    expect(await readVmFaults(file)).toEqual({ 'vm-1': { bays: { data: { serial: 'D1', gib: 1 }, system: null } } });
    for (const bad of ['{', '{"vm-1":{"prot":"x"}}', '{"vm-1":{"pvid":5000}}', '{"vm-1":{"bays":{"../x":null}}}']) {
      await writeFile(file, bad);
      await expect(readVmFaults(file)).rejects.toThrow(file);
    }
    await writeFile(file, '{"port":-1}');
    await expect(recall(file)).rejects.toThrow(/is damaged/);
    await rm(folder, { recursive: true });
  });
});

it('matches entity tags whether or not they are called weak', () => {
  expect([names('"a"', '"a"'), names('W/"a"', '"a"'), names('"b", "a"', '"a"'), names('*', '"a"')]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([names('', '"a"'), names('"b"', '"a"')]).toEqual([false, false]);
});

describe('O-9: beside a Farrier that runs here already', () => {
  const spec = { data: '/d', count: 1, firmware: 'bios' } as const;

  it('O-9: every port of a whole Farrier under test is any free one', async () => {
    let ports: Record<string, number> = {};
    const parsing = upCommand(async (options) => {
      ports = { ...options.ports };
    });
    await parsing.parseAsync(commandLine(spec), { from: 'user' });
    expect(Object.keys(ports).length).toBeGreaterThan(5);
    expect(new Set(Object.values(ports))).toEqual(new Set([0]));
  });

  it("O-9: the shell's own Temporal and MDB are not the test's", () => {
    const shell = {
      PATH: '/bin',
      TEMPORAL_ADDRESS: 'x:1',
      FARRIER_MDB_URL: 'x',
      FARRIER_API: 'x',
      FARRIER_CACHE: '/c',
    };
    expect(ownEnvironment(shell)).toEqual({ PATH: '/bin', FARRIER_CACHE: '/c' });
  });

  it('O-9: a Farrier that ends at once ends the work that waits for it, with what it said', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'farrier-parts-'));
    const data = join(folder, 'file');
    await writeFile(data, 'no folder');
    const forever = () => new Promise<never>(() => {});
    await expect(whileUp({ ...spec, data }, forever)).rejects.toThrow(/Farrier ended before its work was done: .*\w/s);
    await rm(folder, { recursive: true });
  });
});

it('names a namespace by its folder, so that two data folders do not meet', () => {
  expect(namespaceName('farrier', '/a')).toBe(namespaceName('farrier', '/a'));
  expect(namespaceName('farrier', '/a')).not.toBe(namespaceName('farrier', '/b'));
});
