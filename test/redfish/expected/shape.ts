import type { HardwareReading } from '../../../redfish/read/inventory.ts';

/**
 * What a reading of a recorded tree has to give, taken from the tree itself. The order of lists does not count; rows
 * spell out what differs from part to part.
 */
export type Expected = Omit<HardwareReading, 'requests' | 'gaps' | 'firmware'> & {
  readonly firmware: readonly Omit<HardwareReading['firmware'][number], 'copy' | 'about'>[];
};

type Row<T> = readonly T[];

/** `[slot, serial]` of DIMMs that are alike otherwise. */
export function dimmRows(
  alike: Omit<Expected['dimms'][number], 'slot' | 'serial'>,
  ...rows: Row<string>[]
): Expected['dimms'] {
  return rows.map(([slot = '', serial = '']) => ({ ...alike, slot, serial }));
}

type Listed = Omit<Expected['firmware'][number], 'copy' | 'about'>;

/** `[id, name, version, updateable]`; `kept` are ids of copies that don't run. */
export function firmware(kept: readonly string[], ...rows: Row<string | boolean | null>[]): Listed[] {
  return rows.map(([id, name, version, updateable]) => ({
    id: id as string,
    name: name as string,
    version: version as string | null,
    updateable: updateable as boolean | null,
    inForce: !kept.includes(id as string),
  }));
}

/** `[id, type, manufacturer, model, serial, part number]` */
export function chassisRows(...rows: Row<string | null>[]): Expected['chassis'] {
  return rows.map(([id, type = null, manufacturer = null, model = null, serial = null, partNumber = null]) => ({
    id: id ?? '',
    type,
    manufacturer,
    model,
    serial,
    partNumber,
  }));
}

/** `[slot, serial]` of drives that are alike otherwise. */
export function drives(
  alike: Omit<Expected['drives'][number], 'slot' | 'serial'>,
  ...rows: Row<string>[]
): Expected['drives'] {
  return rows.map(([slot = '', serial = '']) => ({ ...alike, slot, serial }));
}

/** `[name, serial]` of supplies that are alike otherwise. */
export function supplies(
  alike: Omit<Expected['supplies'][number], 'name' | 'serial'>,
  ...rows: Row<string>[]
): Expected['supplies'] {
  return rows.map(([name = '', serial = '']) => ({ ...alike, name, serial }));
}

/** `[name, rpm, percent]` of healthy fans. */
export function fans(...rows: (readonly [string, number | null, number | null])[]): Expected['fans'] {
  return rows.map(([name, rpm, percent]) => ({ name, rpm, percent, state: 'Enabled', health: 'OK' }));
}

/** `[name, mac, link, mbps, kind, adapter]` of ports with an address of their maker's. */
export function nicRows(
  ...rows: (readonly [string, string, 'up' | 'down' | null, number | null, string | null, string | null])[]
): Expected['nics'] {
  return rows.map(([name, mac, link, mbps, kind, adapter]) => ({
    name,
    mac,
    universal: true,
    link,
    mbps,
    kind,
    adapter,
  }));
}
