import type { Json } from '../transport.ts';
import { macOfText } from './identity.ts';
import { portsOf, readNetwork } from './network.ts';
import type { Reader } from './reader.ts';
import { list, readText, valueAt } from './values.ts';

/** Functions of PCIe devices that are looked at: a host has a hundred, and few are of network cards. */
const maxFunctions = 64;

/**
 * MACs of the host wherever a controller shows them: its interfaces; adapters with their ports and functions; network
 * interfaces of the system; PCIe functions; the device paths of boot options; a maker's own list. Each takes requests,
 * so it ends with the first place after which `isEnough`.
 */
export async function readHostMacs(
  reader: Reader,
  host: Json,
  chassis: () => Promise<readonly Json[]>,
  isEnough: (macs: readonly string[]) => boolean = () => false,
): Promise<string[]> {
  const places = [
    () => ofInterfaces(reader, host),
    async () => (await readNetwork(reader, host, await chassis(), 'all')).nics.map((nic) => nic.mac),
    () => ofSystem(reader, host),
    () => ofBootOptions(reader, host),
    () => ofMaker(reader, host),
    () => ofFunctions(reader, host),
  ];
  const found = new Set<string>();
  for (const read of places) {
    for (const one of await read()) if (one !== null) found.add(one);
    if (isEnough([...found])) break;
  }
  return [...found];
}

type Macs = Promise<(string | null)[]>;

async function ofInterfaces(reader: Reader, host: Json): Macs {
  return (await reader.members(host.EthernetInterfaces)).flatMap(ofInterface);
}

/** The MACs of one interface or function: the one that it was made with, and the one that it has. */
function ofInterface(interfaces: unknown): (string | null)[] {
  return [macOfText(valueAt(interfaces, 'PermanentMACAddress')), macOfText(valueAt(interfaces, 'MACAddress'))];
}

async function ofSystem(reader: Reader, host: Json): Macs {
  const views = await reader.members(host.NetworkInterfaces);
  return (await Promise.all(views.map((view) => portsOf(reader, view, 'all')))).flat().map((nic) => nic.mac);
}

async function ofBootOptions(reader: Reader, host: Json): Macs {
  const options = await reader.members(valueAt(host, 'Boot', 'BootOptions'));
  return options.flatMap((option) =>
    [...(readText(option.UefiDevicePath) ?? '').matchAll(/\bMAC\(([0-9A-F]{12})/gi)].map(([, found]) =>
      macOfText(found),
    ),
  );
}

/** HPE lists adapters for the host in a place of its own. */
async function ofMaker(reader: Reader, host: Json): Macs {
  const adapters = await reader.members(
    valueAt(host, 'Oem', 'Hpe', 'Links', 'NetworkAdapters') ?? valueAt(host, 'Oem', 'Hp', 'Links', 'NetworkAdapters'),
  );
  return adapters.flatMap((one) => list(one.PhysicalPorts).map((port) => macOfText(port.MacAddress)));
}

async function ofFunctions(reader: Reader, host: Json): Macs {
  const devices = await Promise.all(refs(host.PCIeDevices).map((one) => reader.resource(one)));
  const lists = await Promise.all(devices.map((device) => reader.members(valueAt(device, 'PCIeFunctions'))));
  const own = await Promise.all(refs(host.PCIeFunctions).map((one) => reader.resource(one)));
  const functions = [...lists.flat(), ...own].slice(0, maxFunctions);
  const links = functions.flatMap((one) =>
    ['EthernetInterfaces', 'NetworkDeviceFunctions'].flatMap((name) => list(valueAt(one, 'Links', name))),
  );
  const interfaces = await Promise.all(links.map((one) => reader.resource(one)));
  return interfaces.flatMap((one) => [...ofInterface(one), ...ofInterface(valueAt(one, 'Ethernet'))]);
}

function refs(value: unknown): Json[] {
  return list(value).slice(0, maxFunctions);
}
