import { afterEach, describe, expect, it } from 'vitest';
import { loadTree, type RedfishResource, treePaths, treesAbsent } from '../redfish/tree.ts';
import { askBmc, get, play, resetBmcSystem, soon, stopPlaying, system } from './playing.ts';

if (treesAbsent) console.log(treesAbsent);
afterEach(stopPlaying);

/** The recorded controller that decides what a family shows. */
const recorded = {
  idrac9: 'dell-r750-idrac9-6.00.30',
  ilo6: 'hpe-dl380a-gen11-ilo6',
  ilo5: 'hpe-dl385g10plusv2-ilo5-2.72',
  nvidia: 'nvidia-gb200nvl-openbmc-24.12',
  openbmc: 'openbmc-stock-2.15',
  supermicro: 'supermicro-821ge-tnhr-11.01',
} as const;
type Family = keyof typeof recorded;

/** What a family shows though its recording lacks it, and how it is known all the same. */
const knownOtherwise: Partial<Record<Family, Readonly<Record<string, RegExp>>>> = {
  idrac9: {
    // The recorded firmware is 6.00.30; the action came with 7.10 (quirk 33).
    Chassis: /^Actions\/Oem/,
  },
  openbmc: {
    // Recorded without a board below it: bmcweb shows these once the inventory of a board is there, as on the GB200.
    ComputerSystem: /^(Manufacturer|Model|UUID|BiosVersion|ProcessorSummary\/(CoreCount|Model))$/,
    Chassis: /^(Manufacturer|Model|SerialNumber)$/,
    Power: /^Power(Supplies|Control)\b/,
    Thermal: /^(Temperatures|Fans)\b/,
    ProcessorCollection: /^Members/,
    MemoryCollection: /^Members/,
    StorageCollection: /^Members/,
    SensorCollection: /^Members/,
    Storage: /./,
    Drive: /./,
    Processor: /./,
    Memory: /./,
    Sensor: /./,
    LogEntry: /./,
    LogEntryCollection: /^Members/,
  },
};

/** What is read by Farrier or by the clients of test/conformance: it has to be there where the recording has it. */
const read: Readonly<Record<string, readonly string[]>> = {
  ServiceRoot: ['Vendor', 'Product', 'Oem', 'UUID', 'ProtocolFeaturesSupported/ExpandQuery/ExpandAll'],
  ComputerSystem: [
    'AssetTag',
    'BiosVersion',
    'Boot/BootOptions',
    'Boot/BootOrder',
    'Boot/BootSourceOverrideMode',
    'BootProgress/LastState',
    'EthernetInterfaces',
    'IndicatorLED',
    'LastResetTime',
    'LocationIndicatorActive',
    'Manufacturer',
    'MemorySummary/Status',
    'MemorySummary/TotalSystemMemoryGiB',
    'Model',
    'ProcessorSummary/Status',
    'SecureBoot',
    'SKU',
    'SerialConsole/SSH/Port',
    'SerialNumber',
    'Status/Health',
    'UUID',
    'VirtualMedia',
  ],
  Chassis: ['AssetTag', 'IndicatorLED', 'LocationIndicatorActive', 'Manufacturer', 'SerialNumber', 'Status/State'],
  Manager: ['PowerState', 'Status/State', 'LastResetTime', 'CommandShell/ServiceEnabled', 'VirtualMedia', 'UUID'],
  AccountService: ['MinPasswordLength', 'MaxPasswordLength', 'AccountLockoutThreshold', 'HTTPBasicAuth'],
  ManagerAccount: ['AccountTypes', 'Enabled', 'Locked', 'PasswordChangeRequired', 'RoleId', 'UserName', 'Links/Role'],
  LogService: ['OverWritePolicy', 'Entries'],
  LogEntry: ['Created', 'EntryType', 'MessageId', 'Message', 'Severity', 'OemRecordFormat'],
  VirtualMedia: ['Image', 'Inserted', 'ConnectedVia', 'MediaTypes', 'TransferMethod', 'UserName', 'WriteProtected'],
  UpdateService: ['HttpPushUri', 'MultipartHttpPushUri', 'MaxImageSizeBytes', 'FirmwareInventory'],
  EventService: ['ServiceEnabled', 'DeliveryRetryAttempts', 'Subscriptions'],
  EthernetInterface: ['MACAddress', 'PermanentMACAddress', 'LinkStatus', 'SpeedMbps'],
  Drive: ['SerialNumber', 'Model', 'CapacityBytes', 'Protocol', 'Manufacturer', 'MediaType'],
  Memory: ['CapacityMiB', 'MemoryDeviceType', 'Manufacturer', 'PartNumber', 'SerialNumber'],
  Processor: ['Manufacturer', 'Model', 'TotalCores', 'MaxSpeedMHz'],
  Bios: ['@Redfish.Settings/SettingsObject', '@Redfish.Settings/SupportedApplyTimes', 'AttributeRegistry'],
};

/** Properties of resources by kind, as `Boot/BootOrder`; values where they are the allowable ones. */
type Shapes = Map<string, Set<string>>;

function note(shapes: Shapes, resource: RedfishResource): void {
  const kind = /^#(\w+)\./.exec(String(resource['@odata.type'] ?? ''))?.[1];
  if (kind === undefined) return;
  const names = shapes.get(kind) ?? new Set<string>();
  shapes.set(kind, names);
  collect(names, '', resource);
  for (const member of Array.isArray(resource.Members) ? (resource.Members as RedfishResource[]) : [])
    note(shapes, member);
}

function collect(names: Set<string>, at: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const one of value) collect(names, at, one);
    return;
  }
  if (typeof value !== 'object' || value === null) {
    if (at.endsWith('AllowableValues')) names.add(`${at}=${String(value)}`);
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    // Names of BIOS settings are the board's, and what is below Oem is the vendor's own affair.
    const place = at === '' ? name : `${at}/${name}`;
    names.add(place);
    if (name !== 'Oem' && name !== 'Attributes') collect(names, place, inner);
  }
}

async function shown(): Promise<Shapes> {
  const shapes: Shapes = new Map();
  const seen = new Set<string>();
  const queue = ['/redfish/v1'];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const { json } = await askBmc('GET', path);
    note(shapes, json);
    for (const [, link = ''] of JSON.stringify(json).matchAll(/"@odata\.id":"([^"#]+)/g)) queue.push(link);
  }
  return shapes;
}

function recording(name: string): Shapes {
  const shapes: Shapes = new Map();
  const find = loadTree(name);
  for (const path of treePaths(name)) note(shapes, find(path) ?? {});
  return shapes;
}

describe.skipIf(treesAbsent).each(Object.entries(recorded))('%s beside its recording', (id, name) => {
  it('R-34: shows nothing that the recording lacks, and what it has of all that is read', async () => {
    await play(id as Family);
    await resetBmcSystem('On');
    await soon(async () => (await system()).PowerState).toBe('On');
    const [ours, theirs] = [await shown(), recording(name)];
    const known = knownOtherwise[id as Family] ?? {};
    const wrong: string[] = [];
    for (const [kind, names] of ours) {
      const real = theirs.get(kind);
      const more = [...names].filter((one) => !real?.has(one) && !one.endsWith('@odata.etag'));
      wrong.push(...more.filter((one) => !known[kind]?.test(one)).map((one) => `${kind} ${one} is made up`));
    }
    for (const [kind, wanted] of Object.entries(read)) {
      const names = ours.get(kind);
      const missing = wanted.filter((one) => theirs.get(kind)?.has(one) && names !== undefined && !names.has(one));
      wrong.push(...missing.map((one) => `${kind} ${one} is lacking`));
    }
    expect(wrong).toEqual([]);
  });

  it('R-34: names its boot options and its reset types as the recording does', async () => {
    await play(id as Family);
    const host = await system();
    const find = loadTree(name);
    const real = treePaths(name)
      .map((path) => find(path) ?? {})
      .find((one) => String(one['@odata.type']).startsWith('#ComputerSystem.') && 'Boot' in one && 'Actions' in one);
    const order = ((real?.Boot as RedfishResource | undefined)?.BootOrder ?? []) as string[];
    expect('BootOrder' in host.Boot).toBe(order.length > 0);
    if (order.length === 0) return;
    const options = (await get(host.Boot.BootOptions['@odata.id'])).Members as { '@odata.id': string }[];
    const ours = await Promise.all(options.map((one) => get(one['@odata.id'])));
    const theirs = treePaths(name)
      .map((path) => find(path) ?? {})
      .filter((one) => String(one['@odata.type']).startsWith('#BootOption.'));
    const keys = (one: RedfishResource) => Object.keys(one).filter((key) => !key.startsWith('@'));
    const known = new Set(theirs.flatMap(keys));
    for (const one of ours) expect(keys(one).filter((key) => !known.has(key))).toEqual([]);
    const paths = theirs.some((one) => 'UefiDevicePath' in one);
    expect(ours.every((one) => 'UefiDevicePath' in one)).toBe(paths);
    expect(ours.map((one) => one.BootOptionReference).sort()).toEqual([...host.Boot.BootOrder].sort());
    const names = new Set(theirs.map(({ Name }) => Name));
    if (names.size === 1) expect(ours.map(({ Name }) => Name)).toEqual(ours.map(() => [...names][0]));
  });
});
