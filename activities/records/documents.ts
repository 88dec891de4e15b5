import { inPartOrder, type RecordedKind } from '../../domain/records/parts.ts';
import type { HardwareReading } from '../../redfish/read/inventory.ts';

/** What is kept of each kind: the inventory without what moves from minute to minute. */
export function documentsOf(inventory: HardwareReading): Record<RecordedKind, unknown> {
  const { power: _, ...system } = inventory.system;
  const { cpus, dimms, accelerators, drives, adapters, nics, supplies, chassis, controllers, firmware } = inventory;
  const fans = inventory.fans.map(({ rpm: _rpm, percent: _percent, ...fan }) => fan);
  const lists = { cpus, dimms, accelerators, drives, adapters, nics, supplies, fans, chassis, controllers, firmware };
  return { system, identity: inventory.identity, ...mapped(lists, inPartOrder) };
}

function mapped<K extends string>(
  lists: Readonly<Record<K, readonly object[]>>,
  by: (list: readonly object[]) => object[],
) {
  return Object.fromEntries(Object.entries<readonly object[]>(lists).map(([kind, list]) => [kind, by(list)])) as Record<
    K,
    object[]
  >;
}
