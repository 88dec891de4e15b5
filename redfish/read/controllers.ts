import { normaliseUuid } from '../../domain/identity/identity.ts';
import { isLocallyAdministered } from '../../domain/machine.ts';
import type { Json } from '../transport.ts';
import { mac } from './identity.ts';
import { managersOf } from './layout.ts';
import type { Reader } from './reader.ts';
import { link, pathKey, state, text } from './values.ts';

export interface Bmc {
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
export async function readControllers(reader: Reader, host: Json, managers: readonly Json[]): Promise<Bmc[]> {
  const managing = new Set(managersOf(host, managers).map(pathKey));
  return Promise.all(
    managers.map(async (manager) => ({
      id: text(manager.Id) ?? link(manager) ?? '',
      main: managers.length === 1 || managing.has(pathKey(link(manager) ?? '')),
      model: text(manager.Model),
      firmware: text(manager.FirmwareVersion),
      uuid: normaliseUuid(text(manager.UUID)),
      macs: macsOf(await reader.members(manager.EthernetInterfaces)),
      state: state(manager),
    })),
  );
}

function macsOf(interfaces: readonly Json[]): string[] {
  const macs = interfaces.flatMap((one) => mac(one.PermanentMACAddress) ?? mac(one.MACAddress) ?? []);
  return [...new Set(macs.filter((one) => !isLocallyAdministered(one)))];
}
