import { PlacesError } from '../../domain/places/problems.ts';
import { Trouble } from '../../host/trouble.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import { type MachineFacts, rigRack, rigSwitch } from './rig.ts';

/**
 * Tells the MDB what an operator would have entered before the rack was switched on: which port of the switch leads
 * to which unit, and where the BMCs are. May be repeated; BMCs that moved are corrected.
 */
export async function announce(mdb: Mdb, siteId: string, machines: readonly MachineFacts[]): Promise<void> {
  const ports = machines.map(({ port }) => ({ port: port.port, rack: rigRack, unit: port.unit }));
  const bmcs = machines.map(({ mac, serial, bmc }) => ({ origin: bmc.origin, mac, serial, secretRef: bmc.secretRef }));
  try {
    await definePlaces(mdb, { siteId, racks: [{ id: rigRack }], switches: [{ ...rigSwitch, ports }], bmcs });
  } catch (error) {
    if (error instanceof PlacesError) throw new Trouble(`The MDB does not take this rig: ${error.message}.`);
    throw error;
  }
}
