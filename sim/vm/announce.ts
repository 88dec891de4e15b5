import { ApiProblem } from '../../client/api.ts';
import { Trouble } from '../../host/trouble.ts';
import { announce } from '../announce.ts';
import { type MachineFacts, rigRack, rigSwitch } from './rig.ts';

/**
 * Tells Farrier what an operator would have entered before the rack was switched on: which port of the switch leads to
 * which unit, and where the BMCs are. May be repeated; BMCs that moved are corrected.
 */
export async function announceRig(
  api: string,
  machines: readonly MachineFacts[],
  waits: (problem: ApiProblem) => void,
): Promise<void> {
  const ports = machines.map(({ port }) => ({ port: port.port, rack: rigRack, unit: port.unit }));
  const bmcs = machines.map(({ mac, serial, bmc }) => ({ origin: bmc.origin, mac, serial, secretRef: bmc.secretRef }));
  try {
    await announce(api, { racks: [{ id: rigRack }], switches: [{ ...rigSwitch, ports }], bmcs }, waits);
  } catch (error) {
    if (error instanceof ApiProblem) throw new Trouble(`Farrier does not take this rig: ${error.message}.`);
    throw error;
  }
}
