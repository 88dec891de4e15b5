import { afterEach, describe, expect, test } from 'vitest';
import { gatherHardware } from '../../redfish/read/inventory.ts';
import { readLogs } from '../../redfish/read/logs.ts';
import { readSensors } from '../../redfish/read/sensors.ts';
import { type Session, withSession } from '../../redfish/session.ts';
import { openTransport } from '../../redfish/transport.ts';
import { expectedDell as dell } from './expected/dell-r750-idrac9-6.00.30.ts';
import { expectedDmtf as dmtf } from './expected/dmtf-public-rackmount1.ts';
import { expectedIlo6 as ilo6 } from './expected/hpe-dl380a-gen11-ilo6.ts';
import { expectedIlo5 as ilo5 } from './expected/hpe-dl385g10plusv2-ilo5-2.72.ts';
import { expectedGb200 as gb200 } from './expected/nvidia-gb200nvl-openbmc-24.12.ts';
import { expectedOpenbmc as openbmc } from './expected/openbmc-stock-2.15.ts';
import type { Expected } from './expected/shape.ts';
import { expectedSupermicro as supermicro } from './expected/supermicro-821ge-tnhr-11.01.ts';
import { serveTree, type TreeServer, treesAbsent } from './tree.ts';

if (treesAbsent) console.log(treesAbsent);

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Lists compare as sets: a controller may list its parts in any order. */
function sorted(lists: Expected): object {
  const order = (one: unknown, other: unknown) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);
  const entries = Object.entries(lists).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(sortKeys).sort(order) : value,
  ]);
  return Object.fromEntries(entries);
}

function sortKeys(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).sort()) : value;
}

async function serve(name: string): Promise<TreeServer> {
  const tree = await serveTree(name);
  closing.push(() => tree.close());
  return tree;
}

function work<T>(tree: TreeServer, reading: (session: Session) => Promise<T>): Promise<T> {
  const transport = openTransport(tree.origin, null);
  closing.push(() => transport.close());
  return withSession(transport, { username: 'root', password: 'secret' }, reading);
}

describe.skipIf(treesAbsent)('the inventory of a recorded controller is complete and correct', () => {
  test.each([
    ['dell-r750-idrac9-6.00.30', dell, 25],
    ['dmtf-public-rackmount1', dmtf, 25],
    ['hpe-dl380a-gen11-ilo6', ilo6, 25],
    // It makes a storage of its own of each of its 16 NVMe drives, and inlines no more than one level; it shows no
    // accelerator, so its own list of devices is asked too.
    ['hpe-dl385g10plusv2-ilo5-2.72', ilo5, 37],
    ['nvidia-gb200nvl-openbmc-24.12', gb200, 25],
    ['openbmc-stock-2.15', openbmc, 25],
    ['supermicro-821ge-tnhr-11.01', supermicro, 25],
  ] as const)('%s', async (name, expected, max) => {
    const tree = await serve(name);
    const { requests, gaps, ...read } = await work(tree, (session) => gatherHardware(session));
    const firmware = read.firmware.map(({ copy: _, about: __, ...one }) => one);
    const inventory = { ...read, firmware };
    expect(sorted(inventory)).toEqual(sorted(expected));
    expect(gaps).toEqual([]);
    expect(requests).toBeLessThanOrEqual(max);
    // The service root is read once more for signing in.
    expect(tree.requests).toHaveLength(requests + 1);
    expect(tree.sessions()).toBe(0);
  });
});

describe.skipIf(treesAbsent)('sensors of a recorded controller', () => {
  // How many the new model shows and how many only the old one, and one of them.
  test.each([
    ['dell-r750-idrac9-6.00.30', 33 + 1, { name: 'System Board Inlet Temp', value: 25, unit: '°C' }],
    ['dmtf-public-rackmount1', 30 + 7, { name: 'Ambient Temperature', value: 22.5, unit: '°C' }],
    ['hpe-dl380a-gen11-ilo6', 29 + 7, { name: '02-CPU 1 PkgTmp', value: 61, unit: '°C', kind: 'temperature' }],
    ['hpe-dl385g10plusv2-ilo5-2.72', 0 + 54, { name: 'Fan 6', value: 51, unit: '%' }],
    ['nvidia-gb200nvl-openbmc-24.12', 227 + 0, { name: 'PDB 0 HSC 0 Temp 0', value: 31.5, unit: '°C' }],
    ['supermicro-821ge-tnhr-11.01', 0 + 55, { name: '12V', value: 12.176, unit: 'V' }],
  ] as const)('%s', async (name, count, one) => {
    const { sensors, gaps } = await work(await serve(name), readSensors);
    expect(sensors).toHaveLength(count);
    expect(sensors).toContainEqual(expect.objectContaining(one));
    expect(gaps).toEqual([]);
  });
});

describe.skipIf(treesAbsent)('logs of a recorded controller', () => {
  test.each([
    ['dell-r750-idrac9-6.00.30', { Sel: 5, Lclog: 5, FaultList: 0 }, 0],
    ['dmtf-public-rackmount1', { Log1: 2, Log: 1 }, 0],
    ['hpe-dl380a-gen11-ilo6', { IML: 117, SL: 94, Event: 256, IEL: 248 }, 0],
    ['hpe-dl385g10plusv2-ilo5-2.72', { IML: 5, SL: 5, Event: 5, IEL: 5 }, 0],
    // Three of the baseboard's logs answer with an internal error in a 200.
    ['nvidia-gb200nvl-openbmc-24.12', { SEL: 10, PostCodes: 10, Journal: 20, EventLog: 30, Dump: 11, FDR: 0 }, 3],
    ['openbmc-stock-2.15', { EventLog: 0, HostLogger: 0, Journal: 654 }, 0],
    ['supermicro-821ge-tnhr-11.01', { Log1: 82 + 509 }, 0],
  ] as const)('%s', async (name, counts, broken) => {
    const tree = await serve(name);
    const first = await work(tree, (session) => readLogs(session));
    const read: Record<string, number> = {};
    for (const { path, entries } of first.logs) {
      const id = path.split('/').at(-1) ?? '';
      read[id] = (read[id] ?? 0) + entries.length;
    }
    expect(read).toMatchObject(counts);
    expect(first.gaps).toHaveLength(broken);
    const second = await work(tree, (session) => readLogs(session, first.cursor));
    expect(second.logs.filter(({ entries, restarted }) => entries.length > 0 || restarted)).toEqual([]);
  });
});
