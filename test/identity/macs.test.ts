import { afterEach, expect, describe as suite, test } from 'vitest';
import { type Session, withSession } from '../../redfish/session.ts';
import { readMacs, readSystem } from '../../redfish/system.ts';
import { openTransport } from '../../redfish/transport.ts';
import { type RedfishResource, serveTable } from '../redfish/tree.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function work<T>(table: Record<string, RedfishResource>, reading: (session: Session) => Promise<T>) {
  const server = await serveTable(table);
  closing.push(() => server.close());
  const transport = openTransport(server.origin, null);
  closing.push(() => transport.close());
  return { value: await withSession(transport, { username: 'root', password: 'secret' }, reading), server };
}

const root = '/redfish/v1';
const to = (path: string) => ({ '@odata.id': `${root}${path}` });
const some = (...paths: string[]) => ({ Members: paths.map(to) });
const mac = 'B0:26:28:11:22:33';

/** A host that shows no interface, and `more`. */
function host(more: Record<string, RedfishResource>, facts: RedfishResource = {}): Record<string, RedfishResource> {
  return {
    [root]: { Systems: to('/Systems'), Chassis: to('/Chassis'), Managers: to('/Managers') },
    [`${root}/Systems`]: some('/Systems/1'),
    [`${root}/Systems/1`]: {
      ...to('/Systems/1'),
      Boot: {},
      Actions: { '#ComputerSystem.Reset': { target: `${root}/Systems/1/Actions/ComputerSystem.Reset` } },
      EthernetInterfaces: to('/Systems/1/EthernetInterfaces'),
      Links: { Chassis: [to('/Chassis/1')] },
      ...facts,
    },
    [`${root}/Systems/1/EthernetInterfaces`]: some(),
    [`${root}/Chassis`]: some('/Chassis/1', '/Chassis/2'),
    [`${root}/Chassis/1`]: { ...to('/Chassis/1'), ChassisType: 'RackMount', NetworkAdapters: to('/Chassis/1/NAs') },
    [`${root}/Chassis/1/NAs`]: some(),
    [`${root}/Chassis/2`]: { ...to('/Chassis/2'), ChassisType: 'Card', NetworkAdapters: to('/Chassis/2/NAs') },
    [`${root}/Chassis/2/NAs`]: some(),
    [`${root}/Managers`]: some(),
    ...more,
  };
}

const adapter = (chassis: number, facts: RedfishResource, more: Record<string, RedfishResource>) => ({
  [`${root}/Chassis/${chassis}/NAs`]: some(`/Chassis/${chassis}/NAs/A`),
  [`${root}/Chassis/${chassis}/NAs/A`]: { ...to(`/Chassis/${chassis}/NAs/A`), Id: 'A', ...facts },
  ...more,
});

suite('I-2: the MACs of a host whose list of interfaces is empty', () => {
  const places: [string, Record<string, RedfishResource>, RedfishResource?][] = [
    [
      'at the ports of an adapter',
      adapter(
        1,
        { Ports: to('/P') },
        {
          [`${root}/P`]: some('/P/1'),
          [`${root}/P/1`]: { ...to('/P/1'), Ethernet: { AssociatedMACAddresses: [mac] } },
        },
      ),
    ],
    [
      'at the older ports of an adapter of another chassis',
      adapter(
        2,
        { NetworkPorts: to('/P') },
        {
          [`${root}/P`]: some('/P/1'),
          [`${root}/P/1`]: { ...to('/P/1'), AssociatedNetworkAddresses: [mac.replaceAll(':', '')] },
        },
      ),
    ],
    [
      'at the functions of an adapter whose ports show none',
      adapter(
        1,
        { Ports: to('/P'), NetworkDeviceFunctions: to('/F') },
        {
          [`${root}/P`]: some('/P/1'),
          [`${root}/P/1`]: to('/P/1'),
          [`${root}/F`]: some('/F/1'),
          [`${root}/F/1`]: { ...to('/F/1'), Ethernet: { MACAddress: mac } },
        },
      ),
    ],
    [
      'at the functions of an adapter beside one whose port shows another',
      adapter(
        1,
        { Ports: to('/P'), NetworkDeviceFunctions: to('/F') },
        {
          [`${root}/P`]: some('/P/1'),
          [`${root}/P/1`]: { ...to('/P/1'), Ethernet: { AssociatedMACAddresses: ['B0:26:28:99:99:99'] } },
          [`${root}/F`]: some('/F/1'),
          [`${root}/F/1`]: { ...to('/F/1'), Ethernet: { PermanentMACAddress: mac } },
        },
      ),
    ],
    [
      'at the network interfaces of the system itself',
      {
        [`${root}/Systems/1/NIs`]: some('/Systems/1/NIs/1'),
        [`${root}/Systems/1/NIs/1`]: { ...to('/Systems/1/NIs/1'), Id: '1', NetworkDeviceFunctions: to('/F') },
        [`${root}/F`]: some('/F/1'),
        [`${root}/F/1`]: { ...to('/F/1'), Ethernet: { PermanentMACAddress: mac } },
      },
      { NetworkInterfaces: to('/Systems/1/NIs') },
    ],
    [
      'behind a PCIe function',
      {
        [`${root}/D/1`]: { ...to('/D/1'), PCIeFunctions: to('/D/1/F') },
        [`${root}/D/1/F`]: some('/D/1/F/1'),
        [`${root}/D/1/F/1`]: { ...to('/D/1/F/1'), Links: { NetworkDeviceFunctions: [to('/N/1')] } },
        [`${root}/N/1`]: { ...to('/N/1'), Ethernet: { MACAddress: mac } },
      },
      { PCIeDevices: [to('/D/1')] },
    ],
    [
      'in the device path of a boot option',
      {
        [`${root}/B`]: some('/B/1', '/B/2'),
        [`${root}/B/1`]: { ...to('/B/1'), UefiDevicePath: 'HD(1,GPT,D3CF3088-33C5-4FB6-99D0-CFD25C12E7BF)' },
        [`${root}/B/2`]: {
          ...to('/B/2'),
          UefiDevicePath: 'PciRoot(0x7)/Pci(0x1,0x1)/MAC(B02628112233,0x1)/IPv4(0.0.0.0)/Uri()',
        },
      },
      { Boot: { BootOptions: to('/B') } },
    ],
    [
      "in the maker's own list of adapters",
      {
        [`${root}/Systems/1/BaseNetworkAdapters`]: some('/Systems/1/BaseNetworkAdapters/1'),
        [`${root}/Systems/1/BaseNetworkAdapters/1`]: {
          ...to('/Systems/1/BaseNetworkAdapters/1'),
          PhysicalPorts: [{ MacAddress: mac.toLowerCase() }, { MacAddress: null }],
        },
      },
      { Oem: { Hpe: { Links: { NetworkAdapters: to('/Systems/1/BaseNetworkAdapters') } } } },
    ],
  ];

  test.each(places)('%s', async (_, more, facts) => {
    const { value } = await work(host(more, facts), async (session) => readMacs(session, await readSystem(session)));
    expect(value).toContain(mac.toLowerCase());
  });

  test('are asked for no further than is needed', async () => {
    const [, more] = places[0] as (typeof places)[number];
    const table = host(more, { Boot: { BootOptions: to('/B') } });
    const { server } = await work(table, async (session) =>
      readMacs(session, await readSystem(session), (macs) => macs.length > 0),
    );
    expect(server.requests.some((path) => path.includes('/B'))).toBe(false);
  });
});
