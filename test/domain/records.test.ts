import { describe, expect, test } from 'vitest';
import { hashOf } from '../../activities/records/inventory.ts';
import { judgeDocument } from '../../domain/records/changes.ts';
import { partsInDocument } from '../../domain/records/parts.ts';
import { partialKinds } from '../../redfish/read/missed.ts';
import { wattsOf } from '../../redfish/read/watts.ts';

const drive = (slot: string | null, serial: string | null, over: object = {}) => ({
  slot,
  serial,
  model: 'PM9A3',
  revision: 'A1',
  ...over,
});
const told = (verdict: ReturnType<typeof judgeDocument>) =>
  verdict.changes.map(({ change, place }) => `${change} ${place}`).sort();

describe('two readings of a machine', () => {
  const kept = [drive('0', 'S1'), drive('1', 'S2')];

  test('of which the first is the first of all, show no change', () => {
    expect(judgeDocument('drives', undefined, kept, false)).toEqual({ document: kept, changes: [] });
  });

  test('show a disk that was swapped, one that came and one that went', () => {
    expect(told(judgeDocument('drives', kept, [drive('0', 'S9'), drive('2', 'S3')], false))).toEqual([
      'added 2',
      'removed 1',
      'swapped 0',
    ]);
  });

  test('show a board that was swapped by its serial number, in the same case', () => {
    const identity = {
      vendor: 'V',
      product: 'P',
      serial: 'C1',
      boardSerial: 'B1',
      chassisSerial: 'C1',
      sku: null,
      uuid: 'U1',
      assetTag: null,
    };
    const verdict = judgeDocument('identity', identity, { ...identity, boardSerial: 'B2', uuid: 'U2' }, false);
    expect(verdict.changes).toMatchObject([
      { place: 'board', change: 'swapped', before: { serial: 'B1' }, after: { serial: 'B2' } },
    ]);
  });

  test('show no swap where a serial number is not told any more, or is told for the first time', () => {
    expect(told(judgeDocument('drives', kept, [drive('0', null), drive('1', 'S2')], false))).toEqual([]);
    expect(told(judgeDocument('drives', [drive('0', null)], [drive('0', 'S1')], false))).toEqual([]);
  });

  test('show another model in the same place where there are no serial numbers', () => {
    const cpu = (model: string) => ({ socket: 'CPU1', model });
    expect(told(judgeDocument('cpus', [cpu('Gold 6338')], [cpu('Gold 6354')], false))).toEqual(['swapped CPU1']);
  });

  test('show firmware that was updated, by names that do not carry its version', () => {
    const bios = (version: string) => ({
      id: `Installed-159-${version}__BIOS.Setup.1-1`,
      name: 'BIOS',
      version,
      inForce: true,
    });
    const previous = { id: 'Previous-159-2.3.0__BIOS.Setup.1-1', name: 'BIOS', version: '2.3.0', inForce: false };
    expect(
      told(
        judgeDocument('firmware', [bios('2.4.1'), previous], [bios('2.5.0'), { ...previous, version: '2.4.1' }], false),
      ),
    ).toEqual([expect.stringMatching(/^version Installed-159/)]);
  });

  test('of which one may have missed parts, take nothing for removed and forget nothing', () => {
    const verdict = judgeDocument('drives', kept, [drive('0', 'S9')], true);
    expect(told(verdict)).toEqual(['swapped 0']);
    expect(partsInDocument('drives', verdict.document).map(({ serial }) => serial)).toEqual(['S9', 'S2']);
    // The next whole reading then tells what has gone.
    expect(told(judgeDocument('drives', verdict.document, [drive('0', 'S9')], false))).toEqual(['removed 1']);
  });

  test('tell apart parts that are shown in one place', () => {
    expect(partsInDocument('drives', [drive('0', 'a'), drive('0', 'b')]).map(({ place }) => place)).toEqual([
      '0',
      '0 (2)',
    ]);
  });
});

describe('a reading', () => {
  const gap = (path: string) => ({ path, reason: 'busy', kind: 'busy' as const, passing: true });

  test('is whole where nothing was missed and the machine was on', () => {
    expect([...partialKinds([], 'On')]).toEqual([]);
    expect(partialKinds([], 'Off')).toContain('drives');
  });

  test('is partial in the kinds that hang on what was missed', () => {
    expect([...partialKinds([gap('/redfish/v1/Systems/1/Storage/1')], 'On')]).toEqual(['drives']);
    expect([...partialKinds([gap('/redfish/v1/Chassis/1/Power')], 'On')]).toEqual(['supplies']);
    expect(partialKinds([gap('/redfish/v1/Chassis/2')], 'On')).toContain('chassis');
  });

  test('has one hash, in whatever order it is told', () => {
    expect(hashOf([{ a: 1, b: [1, 2] }, { c: null }])).toBe(hashOf([{ c: null }, { b: [2, 1], a: 1 }]));
    expect(hashOf([{ a: 1 }])).not.toBe(hashOf([{ a: 2 }]));
  });

  test('tells the draw of the machine, and not that of a part', () => {
    const power = (name: string, value: number) => ({ kind: 'power' as const, name, value });
    expect(wattsOf([power('PSU1 Input', 210), power('System Power Control', 402), power('CPU1 Power', 120)])).toBe(402);
    expect(wattsOf([power('GPU 1', 300), power('Total Power', 900)])).toBe(900);
    expect(wattsOf([power('GPU 1', 300), power('GPU 2', 900)])).toBeNull();
    expect(wattsOf([])).toBeNull();
  });
});
