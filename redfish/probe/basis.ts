import { chooseHost, type IsMeant, managersOf } from '../read/layout.ts';
import { type Reader, throwPassing } from '../read/reader.ts';
import { linkedPath, list, object, readText, valueAt } from '../read/values.ts';
import type { Json } from '../transport.ts';
import { allowed, strings } from './action.ts';
import type { Basis } from './offers.ts';

const maxChassis = 8;

/**
 * Finds what everything else hangs on. Throws `unsupported` when no system can be reset, or when several can, `hostPath`
 * names none of them, and not exactly one is meant.
 */
export async function findBasis(
  reader: Reader,
  hostPath: string | null,
  isMeant?: IsMeant,
): Promise<{ basis: Basis; host: Json }> {
  const { root } = reader;
  const systems = await reader.members(root.Systems);
  throwPassing(reader.gaps);
  const host = chooseHost(systems, hostPath, isMeant);
  const saysManager = managersOf(host, []).length > 0;
  const managers = saysManager ? [] : await reader.members(root.Managers);
  const managerPath = managersOf(host, managers)[0] ?? null;
  const manager = managerPath === null ? null : await reader.resource({ '@odata.id': managerPath });
  const reset = valueAt(host, 'Actions', '#ComputerSystem.Reset');
  const inline = strings(valueAt(reset, 'ResetType@Redfish.AllowableValues')).length > 0;
  const resetTypes = inline ? null : await allowed(reader, reset, 'ResetType');
  throwPassing(reader.gaps);
  const basis: Basis = {
    service: {
      version: readText(root.RedfishVersion),
      vendor: readText(root.Vendor),
      product: readText(root.Product),
    },
    expands: reader.expands,
    firmware: readText(manager?.FirmwareVersion),
    systemPath: linkedPath(host) ?? '',
    managerPath,
    chassisPaths: list(valueAt(host, 'Links', 'Chassis'))
      .flatMap((one) => linkedPath(one) ?? [])
      .slice(0, maxChassis),
    resetTypes,
    makers: [readText(root.Vendor), readText(host.Manufacturer), ...Object.keys(object(root.Oem))].filter(
      (one) => one !== null,
    ),
  };
  return { basis, host };
}
