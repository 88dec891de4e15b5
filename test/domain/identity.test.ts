import { describe, expect, test } from 'vitest';
import { checkController, mayBeController } from '../../domain/controllers.ts';
import { isSharedCard } from '../../domain/identity/cards.ts';
import { chooseLasting } from '../../domain/identity/lasting.ts';
import { isOneMachine, type KnownRow } from '../../domain/identity/onemachine.ts';

describe('two rows', () => {
  const mac = 'a4:bf:01:00:00:01';
  const observed = {
    ...{ uuid: null, serial: 'S1', vendor: 'Dell', product: 'R650' },
    ...{ macs: [mac, 'a4:bf:01:00:00:02'], disks: ['D1', 'D2'] },
  };
  const row: KnownRow = {
    ...{ inventoried: false, uuid: null, serial: null, vendor: null, product: null },
    ...{ macs: [mac], disks: [] },
  };

  test.each<[string, Partial<KnownRow>, boolean, boolean]>([
    ['are one machine where it shows every card of the other', {}, true, true],
    ['are two where both told an inventory', { inventoried: true }, true, false],
    ['are two where the serial numbers contradict', { serial: 'S2' }, true, false],
    ['are two where the other has a card that is not shown', { macs: [mac, 'a4:bf:01:00:00:09'] }, true, false],
    ['are two where they have no disk in common', { disks: ['D9'] }, true, false],
    ['are one where one disk is still there', { disks: ['D9', 'D2'] }, false, true],
  ])('%s', (_, change, inventoried, one) => {
    expect(isOneMachine(observed, inventoried, { ...row, ...change })).toBe(one);
  });

  test('leave the one that told an inventory, then the one with a place, then the first', () => {
    const at = (time: number, memoryMib: number | null, rackId: string | null) => ({
      ...{ firstBootAt: new Date(time), memoryMib, rackId },
    });
    const [bare, placed, told] = [at(1, null, null), at(2, null, 'A01'), at(3, 1024, null)];
    expect(chooseLasting(bare, told).lasting).toBe(told);
    expect(chooseLasting(bare, placed).lasting).toBe(placed);
    expect(chooseLasting(at(5, null, null), bare).lasting).toBe(bare);
  });
});

test('a card on USB, or seen on a third machine, tells no machine from another', () => {
  const card = { mac: 'a4:bf:01:00:00:01', name: 'eth0', driver: 'ixgbe' };
  expect(isSharedCard({ ...card, driver: 'cdc_ether' }, 'm-1', null)).toBe(true);
  expect(isSharedCard({ ...card, mac: '0a:ca:fe:f0:0d:04' }, 'm-1', null)).toBe(true);
  expect([isSharedCard(card, 'm-1', null), isSharedCard(card, 'm-1', 'm-1'), isSharedCard(card, 'm-1', 'm-2')]).toEqual(
    [false, false, true],
  );
});

describe('a controller', () => {
  const networks = ['10.0.9.0/24'];

  test.each([
    ['https://10.0.9.12', true],
    ['https://10.0.9.12:8443', true],
    ['https://10.0.10.12', false],
    ['https://bmc.example', false],
    ['https://[::1]', false],
    ['nonsense', false],
  ])('may be at %s: %s', (origin, may) => {
    expect(mayBeController(origin, networks)).toBe(may);
    expect(checkController(origin, networks) === null).toBe(may);
  });

  test('is announced by its origin, and nothing behind it', () => {
    expect(checkController('https://10.0.9.12/redfish', networks)).toContain('is not an origin');
    expect(checkController('https://10.0.9.12', [])).toContain('networks of controllers (none)');
  });
});
