import { isLocallyAdministered } from '../../domain/machine.ts';
import type { Json } from '../transport.ts';
import { known, macOfText } from './identity.ts';
import type { Reader } from './reader.ts';
import { amount, linkedPath, list, number, readText, valueAt } from './values.ts';

export interface Adapter {
  readonly id: string;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly partNumber: string | null;
  readonly firmware: string | null;
}

/** One address of one port; a port with several addresses is listed once for each. */
export interface Nic {
  /** Null where the controller shows the port and not its address. */
  readonly mac: string | null;
  /** False for a locally administered address, which identifies nothing (quirk 61). */
  readonly universal: boolean;
  readonly name: string;
  readonly kind: string | null;
  readonly link: 'up' | 'down' | null;
  readonly mbps: number | null;
  readonly adapter: string | null;
}

export interface NetworkReading {
  readonly adapters: readonly Adapter[];
  readonly nics: readonly Nic[];
}

/** Whether functions are read of each adapter, or of those only whose ports don't show every address. */
type Functions = 'where needed' | 'all';

/**
 * NICs from all styles that controllers use: EthernetInterfaces of the system, and adapters with Ports, the older
 * NetworkPorts or only NetworkDeviceFunctions. The MAC joins them: ids change between boots (quirk 70).
 */
export async function readNetwork(
  reader: Reader,
  host: Json,
  chassis: readonly Json[],
  functions: Functions = 'where needed',
): Promise<NetworkReading> {
  const [interfaces, adapters] = await Promise.all([
    reader.members(host.EthernetInterfaces),
    Promise.all(chassis.map((one) => reader.members(one.NetworkAdapters, 3))),
  ]);
  const found = adapters.flat();
  const cards = found.length > 0 ? found : await fromSystem(reader, host);
  const ports = await Promise.all(cards.map((one) => portsOf(reader, one, functions)));
  return {
    adapters: cards.map(adapterOf),
    nics: mergeNics([...interfaces.flatMap(fromInterface), ...ports.flat()]),
  };
}

/** Adapters as the system sees them, where no chassis has any; the view itself where its adapter isn't linked. */
async function fromSystem(reader: Reader, host: Json): Promise<Json[]> {
  const views = await reader.members(host.NetworkInterfaces);
  return Promise.all(views.map(async (one) => (await reader.resource(valueAt(one, 'Links', 'NetworkAdapter'))) ?? one));
}

/** The ports of one adapter, or of the system's view of it. */
export async function portsOf(reader: Reader, adapter: Json, wanted: Functions = 'where needed'): Promise<Nic[]> {
  const id = idOf(adapter);
  const modern = await reader.members(adapter.Ports, 1);
  const listed = modern.length > 0 ? modern : await reader.members(adapter.NetworkPorts, 1);
  const ports = listed.flatMap((one) => fromPort(one, id));
  const addressed = ports.filter((one) => one.mac !== null);
  const capabilities = list(adapter.Controllers)[0]?.ControllerCapabilities;
  // Dell lists one port of a two-port InfiniBand card, and both functions.
  const enough = addressed.length >= Math.max(1, number(valueAt(capabilities, 'NetworkDeviceFunctionCount')) ?? 0);
  if (enough && wanted === 'where needed') return ports;
  const functions = (await reader.members(adapter.NetworkDeviceFunctions)).flatMap((one) => fromFunction(one, id));
  return functions.length > 0 ? [...addressed, ...functions] : ports;
}

function idOf(resource: Json): string {
  return readText(resource.Id) ?? linkedPath(resource) ?? '';
}

function adapterOf(adapter: Json): Adapter {
  const controller = list(adapter.Controllers)[0];
  return {
    id: idOf(adapter),
    manufacturer: readText(adapter.Manufacturer),
    model: readText(adapter.Model),
    serial: known(adapter.SerialNumber),
    partNumber: readText(adapter.PartNumber),
    firmware: readText(controller?.FirmwarePackageVersion),
  };
}

function nic(address: string | null, facts: Omit<Nic, 'mac' | 'universal'>): Nic {
  return { mac: address, universal: address !== null && !isLocallyAdministered(address), ...facts };
}

function fromInterface(observed: Json): Nic[] {
  const address = macOfText(observed.PermanentMACAddress) ?? macOfText(observed.MACAddress);
  const facts = {
    name: idOf(observed),
    kind: null,
    link: linkState(observed.LinkStatus),
    mbps: amount(observed.SpeedMbps),
  };
  return address === null ? [] : [nic(address, { ...facts, adapter: null })];
}

function fromPort(port: Json, adapter: string): Nic[] {
  const observed = [valueAt(port, 'Ethernet', 'AssociatedMACAddresses'), port.AssociatedNetworkAddresses].flat();
  const addresses = [...new Set(observed.flatMap((one) => macOfText(one) ?? []))];
  const gbps = amount(port.CurrentSpeedGbps);
  const facts = {
    name: idOf(port),
    kind: readText(port.LinkNetworkTechnology) ?? readText(port.ActiveLinkTechnology) ?? readText(port.PortProtocol),
    link: linkState(port.LinkStatus),
    mbps: gbps === null ? amount(port.CurrentLinkSpeedMbps) : gbps * 1000,
    adapter,
  };
  return addresses.length === 0 ? [nic(null, facts)] : addresses.map((one) => nic(one, facts));
}

function fromFunction(observed: Json, adapter: string): Nic[] {
  const ethernet = observed.Ethernet;
  const address = macOfText(valueAt(ethernet, 'PermanentMACAddress')) ?? macOfText(valueAt(ethernet, 'MACAddress'));
  const facts = { name: idOf(observed), kind: readText(observed.NetDevFuncType), link: null, mbps: null, adapter };
  return address === null ? [] : [nic(address, facts)];
}

function linkState(value: unknown): Nic['link'] {
  const observed = readText(value)?.toLowerCase();
  if (observed === 'linkup' || observed === 'up') return 'up';
  return observed === 'linkdown' || observed === 'down' || observed === 'nolink' ? 'down' : null;
}

/** One entry a MAC; what one source leaves open another fills in. Ports without an address stay as they are. */
export function mergeNics(observed: readonly Nic[]): Nic[] {
  const merged: Nic[] = [];
  for (const next of observed) {
    const place = next.mac === null ? -1 : merged.findIndex((one) => one.mac === next.mac);
    const first = merged[place];
    if (!first) merged.push(next);
    else
      merged[place] = {
        ...first,
        kind: first.kind ?? next.kind,
        link: first.link ?? next.link,
        mbps: first.mbps ?? next.mbps,
        adapter: first.adapter ?? next.adapter,
      };
  }
  return merged;
}
