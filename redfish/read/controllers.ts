import { normaliseUuid } from '../../domain/identity/identity.ts';
import { isLocallyAdministered } from '../../domain/machine.ts';
import type { Json } from '../transport.ts';
import { macOfText } from './identity.ts';
import { managersOf } from './layout.ts';
import type { Reader } from './reader.ts';
import { linkedPath, pathKey, readText, state } from './values.ts';

export interface ControllerReading {
  readonly id: string;
  /** The one that manages the host; others are the controllers of baseboards. */
  readonly main: boolean;
  readonly model: string | null;
  readonly firmware: string | null;
  readonly uuid: string | null;
  /** Without locally administered ones: HPE's virtual NIC has the same address on every machine (quirk 61). */
  readonly macs: readonly string[];
  readonly state: string | null;
}

/** The controllers themselves. */
export async function readControllers(
  reader: Reader,
  host: Json,
  managers: readonly Json[],
): Promise<ControllerReading[]> {
  const managing = new Set(managersOf(host, managers).map(pathKey));
  return Promise.all(
    managers.map(async (manager) => ({
      id: readText(manager.Id) ?? linkedPath(manager) ?? '',
      main: managers.length === 1 || managing.has(pathKey(linkedPath(manager) ?? '')),
      model: readText(manager.Model),
      firmware: readText(manager.FirmwareVersion),
      uuid: normaliseUuid(readText(manager.UUID)),
      macs: macsOf(await reader.members(manager.EthernetInterfaces)),
      state: state(manager),
    })),
  );
}

function macsOf(interfaces: readonly Json[]): string[] {
  const macs = interfaces.flatMap((one) => macOfText(one.PermanentMACAddress) ?? macOfText(one.MACAddress) ?? []);
  return [...new Set(macs.filter((one) => !isLocallyAdministered(one)))];
}
