import { describe, expect, test } from 'vitest';
import { type BurninPart, judgeBurnin, median } from '../../domain/birth/burnin.ts';
import { chooseDisk, chooseImage, type ImageFacts } from '../../domain/birth/image.ts';
import type { BurninLimits } from '../../domain/birth/limits.ts';
import { hostnameAt, type LldpNeighbour, placeOf, readPlace } from '../../domain/birth/place.ts';
import { matchProfile } from '../../domain/birth/profile.ts';
import { wipeHeld } from '../../domain/birth/wipe.ts';

const mark = '6f6a3b1e-0000-4000-8000-000000000001';

describe('where a machine stands', () => {
  const at = (nic: string, rack?: string, unit = 1): LldpNeighbour => ({
    nic,
    chassis: '52:54:00:ff:00:01',
    port: 'swp7',
    system: 'sw-a',
    position: rack === undefined ? null : { rack, unit },
  });
  const fault = (placed: ReturnType<typeof placeOf>) =>
    'question' in placed ? placed.question.fault : placed.position;

  test.each([
    ['one known port', [at('eth0', 'A01', 12)], null, { rack: 'A01', unit: 12 }],
    ['two NICs on the same position', [at('eth0', 'A01'), at('eth1', 'A01')], null, { rack: 'A01', unit: 1 }],
    ['a known port beside a stray one', [at('eth1'), at('eth0', 'A01')], null, { rack: 'A01', unit: 1 }],
    ['two positions', [at('eth0', 'A01'), at('eth1', 'A02')], null, 'register/two-positions'],
    ['an unknown port', [at('eth0')], null, 'register/unknown-port'],
    ['an unknown port, and a person said where', [at('eth0')], { rack: 'A02', unit: 3 }, { rack: 'A02', unit: 3 }],
    ['no neighbour', [], null, 'register/no-neighbour'],
    ['no neighbour, and a person said where', [], { rack: 'A02', unit: 3 }, { rack: 'A02', unit: 3 }],
    ['elsewhere than recorded', [at('eth0', 'A01')], { rack: 'A02', unit: 3 }, 'register/moved'],
  ])('%s', (_, neighbours, given, expected) => {
    expect(fault(placeOf(neighbours, given))).toEqual(expected);
  });

  test('the reason names NIC, port and switch', () => {
    const placed = placeOf([at('eth0')], null);
    expect('question' in placed && placed.question.reason).toMatch(/eth0 .*swp7 .*sw-a .*52:54:00:ff:00:01/);
  });

  test('answers that give a position', () => {
    expect(readPlace('place:A07/12')).toEqual({ rack: 'A07', unit: 12 });
    for (const wrong of ['place:A07', 'place:A07/', 'place:/12', 'place:../../12', 'place:A07/123', 'retry']) {
      expect(readPlace(wrong)).toBeNull();
    }
  });

  test('hostnames are RFC 1123 labels or none', () => {
    expect(hostnameAt('{rack}-u{unit}', { rack: 'A07', unit: 3 })).toBe('a07-u03');
    expect(hostnameAt('{rack} {unit}', { rack: 'A07', unit: 3 })).toBeNull();
    expect(hostnameAt('{rack}\n{unit}', { rack: 'A07', unit: 3 })).toBeNull();
    expect(hostnameAt('{rack}-{unit}', { rack: 'x'.repeat(63), unit: 3 })).toBeNull();
  });
});

describe('which disks may be written', () => {
  const machine = { mark, wipeReason: null };
  const disk = (content: string, of: string | null = null) => ({ name: 'sda', serial: 'S1', content, mark: of });

  test('blank ones and our own', () => {
    expect(wipeHeld([disk('blank'), disk('farrier', mark)], machine, 'blank')).toBeNull();
  });

  test.each(['ext4', 'gpt', 'unknown'])('not a foreign disk with %s', (content) => {
    expect(wipeHeld([disk('blank'), disk(content)], machine, 'blank')?.reason).toContain(
      `sda (serial S1) holds ${content}`,
    );
  });

  test('not one that another machine marked', () => {
    expect(wipeHeld([disk('farrier', '6f6a3b1e-0000-4000-8000-000000000002')], machine, 'blank')?.fault).toBe(
      'register/foreign-disks',
    );
  });

  test('anything when policy or a person says so', () => {
    expect(wipeHeld([disk('ntfs')], machine, 'any')).toBeNull();
    expect(wipeHeld([disk('ntfs')], { mark, wipeReason: 'ann said so' }, 'blank')).toBeNull();
  });
});

describe('the verdict of a burn-in', () => {
  const limits: BurninLimits = {
    capSeconds: 60,
    stressSeconds: 1,
    peerShare: 0.7,
    minPeers: 3,
    floors: { 'disk/MB/s': 100 },
  };
  const stress: BurninPart = {
    kind: 'stress',
    subject: 'memory',
    device: 'DIMM_A1',
    ok: true,
    value: null,
    unit: null,
    message: null,
  };
  const speed = (value: number): BurninPart => ({
    kind: 'benchmark',
    subject: 'cpu',
    device: 'cpu0',
    ok: true,
    value,
    unit: 'Mop/s',
    message: null,
  });
  const disk = (value: number): BurninPart => ({ ...speed(value), subject: 'disk', device: 'sda', unit: 'MB/s' });
  const peers = { 'cpu/Mop/s': [100, 110, 90] };

  test('all well', () => {
    expect(judgeBurnin([stress, speed(95), disk(150)], false, limits, peers)).toEqual({
      verdict: 'pass',
      finding: null,
    });
  });

  test('a failed part names the device', () => {
    const judged = judgeBurnin(
      [speed(95), { ...stress, ok: false, message: 'bit 3 stuck at 0x1f00' }],
      true,
      limits,
      peers,
    );
    expect(judged).toEqual({ verdict: 'fail', finding: 'memory stress failed on DIMM_A1: bit 3 stuck at 0x1f00' });
  });

  test('cut short', () => {
    expect(judgeBurnin([stress], true, limits, peers).verdict).toBe('cut');
  });

  test('no part at all is no pass', () => {
    expect(judgeBurnin([], false, limits, peers).verdict).toBe('fail');
  });

  test('30 % below the peers', () => {
    expect(judgeBurnin([speed(69)], false, limits, peers)).toEqual({
      verdict: 'below',
      finding: "cpu of cpu0: 69 Mop/s is below 70 % of its 3 peers' median of 100.",
    });
    expect(judgeBurnin([speed(70)], false, limits, peers).verdict).toBe('pass');
  });

  test('too few peers to compare with', () => {
    expect(judgeBurnin([speed(1)], false, limits, { 'cpu/Mop/s': [100, 100] }).verdict).toBe('pass');
  });

  test('below the floor', () => {
    expect(judgeBurnin([disk(99)], false, limits, {}).verdict).toBe('below');
  });

  test('the median of an even and an odd number', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});

describe('the image', () => {
  const node: ImageFacts = {
    verdict: 'pass',
    cpuThreads: 64,
    memoryMib: 256 * 1024,
    diskCount: 2,
    storageBytes: 2e12,
    accelerators: 0,
  };
  const server: ImageFacts = { ...node, memoryMib: 128 * 1024, diskCount: 12, storageBytes: 12 * 16e12 };

  test.each([
    ['a compute node', node, 'compute'],
    ['a storage node', server, 'storage'],
    ['few disks', { ...server, diskCount: 7 }, 'compute'],
    ['little storage', { ...server, storageBytes: 19e12 }, 'compute'],
    ['much memory for its disks', { ...server, memoryMib: 1024 * 1024 }, 'compute'],
    ['accelerators', { ...server, accelerators: 8 }, 'compute'],
    ['a failed burn-in', { ...server, verdict: 'fail' }, 'debug'],
    ['slower than its peers', { ...node, verdict: 'below' }, 'debug'],
    ['a burn-in cut short', { ...node, verdict: 'cut' }, 'debug'],
  ] as const)('%s', (_, facts, expected) => {
    expect(chooseImage(facts)).toBe(expected);
  });

  test('goes on the smallest solid-state disk that holds it', () => {
    const disk = (name: string, bytes: number, rotational = false) => ({
      name,
      serial: `S-${name}`,
      bytes,
      rotational,
    });
    expect(
      chooseDisk([disk('sda', 8e12, true), disk('nvme0n1', 2e12), disk('nvme1n1', 1e12), disk('sdb', 4e9)], 10e9)?.name,
    ).toBe('nvme1n1');
    expect(chooseDisk([disk('sda', 8e12, true)], 10e9)?.name).toBe('sda');
    expect(chooseDisk([disk('sda', 8e9)], 10e9)).toBeNull();
  });
});

test('the profile with the highest priority of those that fit', () => {
  const rule = (id: string, priority: number, match: object) => ({ id, priority, match });
  const facts = { vendor: 'Farrier', product: 'VirtualMetal', cpuThreads: 8, memoryMib: 4096 };
  const rules = [rule('any', 0, {}), rule('vendor', 1, { vendor: 'Farrier' }), rule('big', 2, { minCpus: 16 })];
  expect(matchProfile(rules, facts)?.id).toBe('vendor');
  expect(matchProfile(rules, { ...facts, cpuThreads: 32 })?.id).toBe('big');
  expect(matchProfile([rule('other', 0, { product: 'X' })], facts)).toBeNull();
});
