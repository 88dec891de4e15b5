import type { Places } from '../domain/places/places.ts';
import type { Fleet } from './fleet.ts';
import { type Hardware, macOf, portOf, switchOf } from './hardware.ts';

/** Name of the secret that holds the simulated controllers' account. */
export const bmcSecret = 'sim-bmc';

/**
 * What an operator knows before the first machine is powered on: racks, which switch port leads to which unit, and
 * where controllers are. Machines are not among it: they are found when they boot.
 */
export function siteFileOf(fleet: Fleet, siteId: string, originOf: (hardware: Hardware) => string): Places {
  return {
    siteId,
    racks: fleet.racks.map(({ id }, index) => ({
      id,
      row: `row${Math.floor(index / 10) + 1}`,
      feed: index % 2 === 0 ? 'A' : 'B',
      units: 48,
    })),
    switches: fleet.racks.map(({ id: rack, machines }, index) => ({
      ...switchOf(index),
      ports: machines.map(({ hardware }) => ({ port: portOf(hardware.unit), rack, unit: hardware.unit })),
    })),
    bmcs: fleet.machines.map(({ hardware }) => ({
      origin: originOf(hardware),
      mac: macOf(hardware),
      serial: hardware.serial,
      secretRef: bmcSecret,
    })),
  };
}
