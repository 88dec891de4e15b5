import { nvidiaOptions } from './bootoptions.ts';
import { drive, type LightRule, standardFeatures } from './feature/rules.ts';
import { collection, linkTo } from './links.ts';
import { idsOf, ownEntry, selEntry } from './logrules.ts';
import { type OwnView, type Personality, standardPersonality } from './personality.ts';
import { failure } from './reply.ts';
import { without } from './shape.ts';

function temporarily(seconds: number) {
  const message = `The service is temporarily unavailable. Retry in ${seconds} seconds.`;
  return {
    ...failure(503, 'ServiceTemporarilyUnavailable', message, [String(seconds)]),
    headers: { 'retry-after': String(seconds) },
  };
}

/** `$expand` is a choice of whoever builds bmcweb, and off in the stock one. */
const withoutExpand = {
  ExpandQuery: { ExpandAll: false, Levels: false, Links: false, NoLinks: false },
  FilterQuery: false,
  OnlyMemberQuery: false,
  SelectQuery: false,
};

const events = idsOf(
  { 'power-on': 'OpenBMC.0.1.PowerButtonPressed', 'bmc-reset': 'OpenBMC.0.1.BMCRebootReason' },
  'OpenBMC.0.1.HostStateChanged',
);
/** Lines of the controller's own system log. */
const journal = ownEntry('BMC Journal Entry', null);

const located: LightRule = {
  at: ['/Systems/1'],
  properties: ['LocationIndicatorActive', 'IndicatorLED'],
  rest: 'Off',
  looked: 'Lit',
  listed: false,
};

/** OpenBMC without a vendor's additions (quirks 17, 26, 34, 47, 55, 58, 62, 69). */
export const openbmc: Personality = {
  ...standardPersonality,
  id: 'openbmc',
  redfishVersion: '1.17.0',
  registry: 'Base.1.16.0',
  allow: false,
  expand: 0,
  managerModel: 'OpenBmc',
  firmwareVersion: '2.15.0-dev',
  sessionCap: 64,
  resetTypes: ['On', 'ForceOff', 'ForceOn', 'ForceRestart', 'GracefulRestart', 'GracefulShutdown', 'Nmi', 'PowerCycle'],
  resetInfo: 'action-info',
  passwords: { min: 8, max: 20 },
  accountIds: 'name',
  passwordSignsOut: true,
  bios: {},
  etag: { style: 'header', missing: 'take' },
  boot: {
    ...standardPersonality.boot,
    listed: ['Mode'],
    targets: ['None', 'Pxe', 'Hdd', 'Cd', 'Diags', 'BiosSetup', 'Usb'],
  },
  tasks: { id: (number) => String(number - 1), monitor: 'once', first: 'Running', purgeSeconds: null, volatile: true },
  update: {
    ...standardPersonality.update,
    simple: null,
    multipart: '/redfish/v1/UpdateService/update',
    push: '/redfish/v1/UpdateService/update',
    maxBytes: 419_430_400,
    entry: (component) => (component === 'BMC' ? '5d0869c4' : 'bios_active'),
    busy: temporarily(30),
  },
  logs: [
    { at: '/Systems/1', id: 'EventLog', clearable: true, entry: { type: 'Event', messageId: events } },
    { at: '/Systems/1', id: 'HostLogger', clearable: false, of: 'console' },
    { at: '/Managers/1', id: 'Journal', clearable: false, entry: journal },
  ],
  features: {
    ...standardFeatures,
    assetTag: [],
    managerResetInfo: true,
    light: located,
    media: [],
    secureBoot: null,
    erase: null,
    console: { at: 'system', sshPort: 2200, command: null },
  },
  busy: temporarily(10),
  restartSeconds: 45,
  names: [
    ['/Systems/1', '/Systems/system'],
    ['/Managers/1', '/Managers/bmc'],
    ['/Chassis/1', '/Chassis/chassis'],
  ],
  missing: ['/Systems/1/Bios/Settings', '/Systems/1/EthernetInterfaces'],
  omits: {
    ServiceRoot: ['Vendor', 'Product'],
    EventService: ['Status/Health'],
    AccountService: ['AccountLockoutCounterResetAfter'],
    Manager: ['CommandShell'],
    LogService: ['MaxNumberOfRecords', 'ServiceEnabled'],
    Chassis: ['ThermalSubsystem', 'PowerSubsystem', 'Location'],
    '/Systems/1': [
      // The host's serial number is known to the chassis only (quirk 62).
      'SerialNumber',
      'SKU',
      'ProcessorSummary/LogicalProcessorCount',
      'ProcessorSummary/Status',
      'MemorySummary/Status',
      'SerialConsole/IPMI/Port',
    ],
    EthernetInterface: ['PermanentMACAddress', 'Status/Health'],
  },
  dress: (path, document) => {
    if (path === '') return { ...document, ProtocolFeaturesSupported: withoutExpand };
    if (path === '/Systems/1') return { ...document, Name: 'system' };
    if (path !== '/Systems/1/Bios') return document;
    const { Attributes: _, AttributeRegistry: __, '@Redfish.Settings': ___, ...rest } = document;
    return rest;
  },
};

const baseboard = ({ hardware }: OwnView) => ({
  '@odata.type': '#ComputerSystem.v1_22_0.ComputerSystem',
  Id: 'HGX_Baseboard_0',
  Name: 'System',
  Description: 'The accelerators, which cannot be reset or booted',
  SerialNumber: `${hardware.serial}G`,
  Manufacturer: 'NVIDIA',
  Status: { State: 'Enabled', Health: 'OK' },
});

/** NVIDIA GB200 (quirks 6, 26, 46, 55, 60, 63, 68): OpenBMC with two systems, of which the second is the host. */
export const nvidia: Personality = {
  ...openbmc,
  id: 'nvidia',
  vendor: 'NVIDIA',
  managerModel: 'GB200 BMC',
  firmwareVersion: 'gb200nvl-24.12-2',
  bios: {
    EmbeddedUefiShell: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    EGM: { default: false },
    ActiveCores: { default: 144 },
  },
  registry: 'Base.1.18.1',
  expand: 6,
  boot: { ...openbmc.boot, listed: ['Enabled'], options: nvidiaOptions, mode: 'absent' },
  supplies: 0,
  fans: false,
  lockout: { threshold: 10, seconds: 600 },
  passwords: { min: 13, max: 20 },
  sensors: 'new',
  features: {
    ...openbmc.features,
    assetTag: ['/Chassis/1'],
    light: { ...located, at: ['/Chassis/1', '/Systems/1'] },
    media: ['USB1', 'USB2'].map((id) => drive('/Managers/1', id, ['CD', 'USBStick'])),
    secureBoot: { mode: 'SetupMode', keys: 'absent', failing: 0 },
    mains: {
      action: '#NvidiaChassis.AuxPowerReset',
      at: '/Chassis/1',
      oem: null,
      type: 'AuxPowerCycle',
      hostOff: false,
      after: 'as-before',
    },
    erase: { methods: ['BlockErase', 'CryptographicErase'], applyTimes: [], seconds: 30 },
  },
  update: {
    ...openbmc.update,
    multipart: '/redfish/v1/UpdateService/update-multipart',
    maxBytes: 209_715_200,
    entry: (component) => (component === 'BMC' ? 'FW_BMC_0' : 'UEFI'),
    others: { HGX_FW_GPU_0: '97.00.82.00.18', HGX_FW_GPU_1: 'version not available', CX7_0: null },
  },
  logs: [
    { at: '/Systems/1', id: 'SEL', clearable: true, entry: selEntry(() => 'OpenBMC.0.1') },
    { at: '/Systems/1', id: 'EventLog', clearable: true, entry: { type: 'Event', messageId: events } },
    { at: '/Managers/1', id: 'Journal', clearable: false, entry: journal },
    { at: '/Chassis/1', id: 'XID', clearable: true },
  ],
  names: [
    ['/Systems/1', '/Systems/System_0'],
    ['/Managers/1', '/Managers/BMC_0'],
    ['/Chassis/1', '/Chassis/Chassis_0'],
  ],
  missing: ['/Systems/1/EthernetInterfaces'],
  omits: {
    ...openbmc.omits,
    ServiceRoot: [],
    LogService: ['MaxNumberOfRecords'],
    Chassis: ['Location/Placement'],
    '/Systems/1': [...(openbmc.omits['/Systems/1'] ?? []), 'BiosVersion'],
    Drive: ['Status/Health'],
    Memory: ['DeviceLocator'],
    PowerSubsystem: ['CapacityWatts'],
    Bios: ['AttributeRegistry'],
    VirtualMedia: ['ImageName', 'UserName', 'Password', 'TransferProtocolType'],
  },
  extra: {
    '/Systems': () => collection('ComputerSystem', 'Systems', ['/Systems/HGX_Baseboard_0', '/Systems/1']),
    '/Systems/HGX_Baseboard_0': baseboard,
  },
  dress: (path, document) => {
    if (path === '/Systems/1') return { ...document, Name: 'System_0' };
    if (path === '/AccountService') return { ...document, HTTPBasicAuth: 'Enabled' };
    // Without an image a drive says nothing of any.
    if (document.Image === null) return without(document, ['Image']);
    if (path !== '/Systems/1/Bios') return document;
    // Its settings say nothing about when they are applied.
    return { ...document, '@Redfish.Settings': { SettingsObject: linkTo('/Systems/1/Bios/Settings') } };
  },
};
