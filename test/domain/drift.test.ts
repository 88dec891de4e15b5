/** What counts as drift, table by table; and which campaigns would put it right. */

import { describe, expect, test } from 'vitest';
import { readerOf } from '../../activities/reconcile/firmware.ts';
import { checkRequest } from '../../contract/requestschemas.ts';
import type { Amendable } from '../../domain/drift/amendable.ts';
import { compareMachine } from '../../domain/drift/diff.ts';
import type { DriftFacts } from '../../domain/drift/drift.ts';
import { contradicts } from '../../domain/drift/evidence.ts';
import { propose } from '../../domain/drift/proposals.ts';
import { changedOf, withoutSecrets } from '../../domain/drift/settings.ts';
import type { MaintenanceRequest } from '../../domain/requests.ts';

const hour = 3_600_000;
const now = 1000 * hour;
const cpu = { model: 'CPU', cores: 8, threads: 16 };
const host = {
  memoryMib: 65_536,
  cpus: [cpu, cpu],
  dimms: Array.from({ length: 4 }, () => ({ mib: 16_384 })),
  disks: [{ bytes: 960_000_000_000 }, { bytes: 960_000_000_000 }],
  nics: 2,
  accelerators: [],
};
const drive = (bytes = 960_000_000_000) => ({ slot: '1', bytes });

type More = Omit<Partial<DriftFacts>, 'wants'> & { wants?: object };

function context({ wants = {}, ...more }: More = {}): DriftFacts {
  return {
    ...{ machineId: 'm-1', controller: true, inServiceAt: now - 100 * hour },
    ...{ settingsAt: now - hour / 2, settingsError: null, inventoryAt: now - hour, partsAt: null },
    ...{ documents: {}, hostAt: now - 100 * hour, firmware: 'uefi', host, sheet: null, biosSetAt: null },
    ...more,
    wants: { bios: {}, firmware: {}, hardware: {}, ...wants },
  };
}

const compare = (one: DriftFacts) => compareMachine(one, now, readerOf(one));

/** `name: want ≠ have`, or the kind of which nothing is known. */
function told(one: DriftFacts): string[] {
  return compare(one).kinds.flatMap((findings) =>
    'unknown' in findings
      ? [`${findings.kind}: unknown since ${(now - findings.unknown.since) / hour} h, ${findings.unknown.why}`]
      : findings.found.map(({ name, want, have, source, note }) =>
          have === null ? `${name}: ${note}` : `${name}: ${want} ≠ ${have} by the ${source}`,
        ),
  );
}
const settings = (attributes: object, changed = {}) => ({ bios: { attributes, changed } });
const listed = (...versions: [string, string | null][]) => ({
  firmware: versions.map(([id, version]) => ({ id, name: id, version, updateable: true, inForce: true })),
});

describe('settings', () => {
  const wants = { bios: { BootMode: 'Uefi', Retry: 20, Fast: true } };
  test.each<[string, Partial<DriftFacts>, string[]]>([
    ['as wanted', { documents: settings({ BootMode: 'Uefi', Retry: 20, Fast: true, Else: 'x' }) }, []],
    [
      'other ones',
      { documents: settings({ BootMode: 'Uefi', Retry: 5, Fast: false }) },
      ['Retry: 20 ≠ 5 by the controller', 'Fast: true ≠ false by the controller'],
    ],
    [
      'a text that looks like the number',
      { documents: settings({ BootMode: 'Uefi', Retry: '20', Fast: true }) },
      ['Retry: 20 ≠ 20 by the controller'],
    ],
    [
      'one that is not shown',
      { documents: settings({ BootMode: 'Uefi', Fast: true }) },
      ['Retry: its controller shows no such setting'],
    ],
    ['never read', { settingsAt: null }, ['bios: unknown since 100 h, its controller was not read']],
    [
      'read too long ago',
      { settingsAt: now - 4 * hour, settingsError: 'it hangs', documents: settings({ BootMode: 'Bios' }) },
      ['bios: unknown since 4 h, it hangs'],
    ],
    [
      'of a machine without a controller',
      { settingsAt: null, controller: false },
      ['bios: unknown since 100 h, it has no controller that is known'],
    ],
  ])('%s', (_, more, expected) => {
    expect(told(context({ wants, ...more }))).toEqual(expected);
  });
});

describe('a setting that the machine itself shows otherwise', () => {
  const wants = { bios: { BootMode: 'Uefi' } };
  const documents = settings({ BootMode: 'Uefi' });
  const other = ['BootMode: Uefi ≠ bios by the host'];
  test.each<[string, Partial<DriftFacts>, string[]]>([
    ['is as the machine shows it', { firmware: 'bios' }, other],
    ['is fine where both agree', { firmware: 'uefi' }, []],
    ['is not judged by what the machine told before it was set', { firmware: 'bios', biosSetAt: now - 99 * hour }, []],
    [
      'or before the controller reported another value',
      {
        firmware: 'bios',
        documents: settings({ BootMode: 'Uefi' }, { BootMode: new Date(now - 50 * hour).toISOString() }),
      },
      [],
    ],
    ['nor by a machine that never told', { firmware: 'bios', hostAt: null }, []],
  ])('%s', (_, more, expected) => {
    expect(told(context({ wants, documents, ...more }))).toEqual(expected);
  });

  test.each([
    ['BootMode', 'LegacyBios', 'uefi'],
    ['BootMode', 'Uefi', null],
    ['BootModeSelect', 'DUAL', null],
    ['LogicalProc', 'Disabled', 'enabled'],
    ['ProcHyperthreading', 'Enabled', null],
    ['Processors_HyperThreading', 'Disable', 'enabled'],
    ['SysProfile', 'Custom', null],
  ])('%s=%s', (name, value, observed) => {
    expect(contradicts(name, value, { firmware: 'uefi', cores: 8, threads: 16 })).toBe(observed);
  });

  test('is not kept where it is a password', () => {
    expect(withoutSecrets({ SysPassword: 'x', SetupPassphrase: 'y', BootMode: 'Uefi' })).toEqual({ BootMode: 'Uefi' });
  });

  test('is known to have changed since, by name', () => {
    const at = new Date(now);
    expect(changedOf(undefined, { A: 1 }, at)).toEqual({});
    const before = { attributes: { A: 1, B: 1, C: 1 }, changed: { B: 'long ago', C: 'long ago' } };
    expect(changedOf(before, { A: 2, B: 1, D: 1 }, at)).toEqual({
      A: at.toISOString(),
      B: 'long ago',
      D: at.toISOString(),
    });
  });
});

describe('versions', () => {
  const wants = { firmware: { BIOS: { version: '2.4.1' }, BMC: { version: '7.10' } } };
  test.each<[string, Partial<DriftFacts>, string[]]>([
    ['as the baseline', { documents: listed(['BIOS', 'v2.4.1'], ['Installed-25-7.10__BMC', '7.10']) }, []],
    [
      'other ones, older or newer',
      { documents: listed(['BIOS', '2.5.0'], ['BMC', '7.00']) },
      ['BIOS: 2.4.1 ≠ 2.5.0 by the controller', 'BMC: 7.10 ≠ 7.00 by the controller'],
    ],
    [
      'that are not shown',
      { documents: listed(['BIOS', null]) },
      ['BIOS: its controller shows no version of it', 'BMC: its controller shows no version of it'],
    ],
    ['never read', { settingsAt: null }, ['firmware: unknown since 100 h, its controller was not read']],
  ])('%s', (_, more, expected) => {
    expect(told(context({ wants, ...more }))).toEqual(expected);
  });
});

describe('parts', () => {
  const born = compare(context()).sheet;
  const sheet = { host: born?.host ?? {}, controller: { disks: { count: 2, which: '2 × 960 GB' } } };
  test.each<[string, More, string[]]>([
    ['as at first', {}, []],
    ['as many as wanted', { wants: { hardware: { cpus: 2, disks: 1, memoryMib: 66_000 } } }, []],
    [
      'fewer than wanted',
      { wants: { hardware: { cpus: 4, memoryMib: 131_072 } } },
      ['cpus: 4 ≠ 2 by the host', 'memoryMib: 131072 ≠ 65536 by the host'],
    ],
    ['fewer than at first', { host: { ...host, dimms: host.dimms.slice(1) } }, ['dimms: 4 ≠ 3 by the host']],
    [
      'other ones than at first',
      { host: { ...host, cpus: [cpu, { ...cpu, model: 'Slower' }] } },
      ['cpus: 2 × CPU ≠ 1 × CPU, 1 × Slower by the host'],
    ],
    [
      'gone by its controller',
      { documents: { drives: [drive()] }, partsAt: now - hour },
      ['disks: 2 ≠ 1 by the controller'],
    ],
    ['gone by its controller before it booted', { documents: { drives: [drive()] }, partsAt: now - 200 * hour }, []],
    [
      'swapped by its controller',
      { documents: { drives: [drive(), drive(480e9)] }, partsAt: now - hour },
      ['disks: 2 × 960 GB ≠ 1 × 480 GB, 1 × 960 GB by the controller'],
    ],
    [
      'wanted and long not read',
      { wants: { hardware: { cpus: 2 } }, inventoryAt: now - 30 * hour },
      ['hardware: unknown since 30 h, its controller was not read whole'],
    ],
  ])('%s', (_, { wants = {}, ...more }, expected) => {
    expect(told(context({ sheet, wants, ...more }))).toEqual(expected);
  });

  test('are kept as they were at first, those of the controller once it was read', () => {
    expect(born).toMatchObject({ host: { dimms: { count: 4, which: '4 × 16384 MiB' } }, controller: null });
    expect(compare(context({ sheet })).sheet).toBeNull();
    const late = context({ sheet: { ...sheet, controller: null }, documents: { drives: [drive()] } });
    expect(compare(late).sheet).toMatchObject({ host: sheet.host, controller: { disks: { count: 1 } } });
  });
});

describe('campaigns against drift', () => {
  const asOrder = (request: MaintenanceRequest) => {
    const read = checkRequest('maintenance', request);
    return read.ok ? read.request : null;
  };
  let ids = 0;
  const drift = (machineId: string, name: string, more: Partial<Amendable> = {}): Amendable => {
    ids += 1;
    return {
      ...{ id: ids, machineId, kind: 'bios', name, source: 'controller', pool: 'batch', profileId: 'std' },
      ...{ mode: 'assist', limits: { semaphores: { reboot: 'rack' } } },
      wants: {
        bios: { BootMode: 'Uefi', Retry: 20 },
        firmware: { BIOS: { version: '2', file: 'firmware/bios', sha256: 'a'.repeat(64) }, BMC: { version: '7' } },
      },
      ...more,
    };
  };

  test('are one for each pool and profile, firmware before one piece of settings', () => {
    const made = propose(
      [
        drift('m-1', 'BootMode'),
        drift('m-2', 'Retry'),
        drift('m-1', 'BIOS', { kind: 'firmware' }),
        drift('m-3', 'Retry', { pool: 'web' }),
      ],
      asOrder,
    );
    expect(made.map(({ pool, machineIds }) => [pool, machineIds])).toEqual([
      ['batch', ['m-1', 'm-2']],
      ['web', ['m-3']],
    ]);
    expect(made[0]?.request).toMatchObject({
      work: [
        { kind: 'firmware', component: 'BIOS', version: '2', file: 'firmware/bios' },
        { kind: 'bios', attributes: { BootMode: 'Uefi', Retry: 20 } },
      ],
      semaphores: { reboot: 'rack' },
    });
  });

  test('leave to people what has no file, and what only the machine itself contradicts', () => {
    const drifts = [drift('m-1', 'BMC', { kind: 'firmware' }), drift('m-2', 'BootMode', { source: 'host' })];
    expect(propose(drifts, asOrder)).toEqual([]);
  });
});
