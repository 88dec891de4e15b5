import { supermicroOptions } from './bootoptions.ts';
import { cd, drive, type LightRule, standardFeatures, usb } from './feature/rules.ts';
import { linkTo } from './links.ts';
import { idsOf, ownEntry, selEntry } from './logrules.ts';
import { type Personality, standardPersonality } from './personality.ts';
import { failure } from './reply.ts';

const lit: LightRule = {
  at: ['/Chassis/1', '/Systems/1'],
  properties: ['IndicatorLED'],
  rest: 'Off',
  looked: 'Lit',
  listed: false,
};
const onOff = ['Enabled', 'Disabled'];

/** What the maintenance event log calls things. */
const maintenance = idsOf(
  { 'power-on': 'Event.1.0.SystemPowerOn', 'power-off': 'Event.1.0.SystemPowerOff', reset: 'Event.1.0.SystemReset' },
  'Event.1.0.RedfishSessionCreated',
);

/** Supermicro X12 and later (quirks 6, 36, 43, 47, 55, 56, 67, 69). */
export const supermicro: Personality = {
  ...standardPersonality,
  id: 'supermicro',
  redfishVersion: '1.11.0',
  expand: 2,
  vendor: 'Supermicro',
  managerModel: 'ASPEED',
  firmwareVersion: '11.01.02',
  sessionSeconds: 300,
  resetTypes: ['On', 'ForceOff', 'GracefulShutdown', 'GracefulRestart', 'ForceRestart', 'Nmi', 'ForceOn', 'PowerCycle'],
  resetInfo: 'action-info',
  starts: { resetTime: false, progress: 'whole' },
  bios: {
    IPv4HTTPSupport_00F1: { default: 'Disabled', values: onOff },
    IPv4PXESupport_00F2: { default: 'Enabled', values: onOff },
    HyperThreading_3C58: { default: 'Enabled', values: onOff },
    SR_IOVSupport_0042: { default: 'Disabled', values: onOff },
  },
  boot: {
    targets: ['None', 'Pxe', 'Floppy', 'Cd', 'Usb', 'Hdd', 'BiosSetup', 'UsbCd', 'UefiBootNext', 'UefiHttp'],
    enabled: ['Disabled', 'Once', 'Continuous'],
    listed: [],
    options: supermicroOptions,
    mode: 'free',
    partial: 'reset',
    at: 'system',
    duringPost: 'take',
  },
  lockout: { threshold: 3, seconds: 30 },
  passwords: { min: 8, max: 20 },
  tasks: { id: String, monitor: 'keeps', first: 'Running', purgeSeconds: null, volatile: true },
  update: {
    ...standardPersonality.update,
    simple: { protocols: ['HTTP'], location: true, info: true },
    maxBytes: null,
    push: null,
    twoPhase: true,
    others: { Backup_BMC: '11.01.01', CPLD_Motherboard: 'ff', GPU1: 'Not Present' },
    busy: failure(503, 'SMC.1.0.OemUpdateInProgress', 'The firmware update is in progress.'),
  },
  logs: [
    { at: '/Systems/1', id: 'Log1', clearable: true, entry: selEntry(() => '0xF0FFFF') },
    { at: '/Managers/1', id: 'Log1', clearable: true, entry: ownEntry('SMC', maintenance) },
  ],
  sensors: 'both',
  features: {
    ...standardFeatures,
    light: { ...lit, properties: ['LocationIndicatorActive', 'IndicatorLED'] },
    media: ['VirtualMedia1', 'VirtualMedia2', 'VirtualMedia3'].map((id) => ({
      ...drive('/Managers/1', id, [...cd, ...usb]),
      ejectShown: 'inserted',
      takes: ['TransferMethod', 'TransferProtocolType', 'UserName', 'Password'],
    })),
    secureBoot: { mode: 'SetupMode', keys: 'action-info', failing: 0 },
    erase: null,
    console: { at: 'system', sshPort: 22, command: 'cd system1/sol1; start' },
    managerReset: ['GracefulRestart'],
    assetTag: ['/Chassis/1'],
  },
  names: [['/Systems/1/Bios/Settings', '/Systems/1/Bios/SD']],
  omits: {
    ServiceRoot: ['Vendor', 'Product'],
    Role: ['RoleId'],
    ManagerAccount: ['PasswordChangeRequired'],
    Chassis: ['ThermalSubsystem', 'PowerSubsystem', 'Location'],
    ComputerSystem: ['Status/HealthRollup', 'ProcessorSummary/CoreCount', 'ProcessorSummary/LogicalProcessorCount'],
    Storage: ['Drives@odata.count'],
    Drive: ['MediaType', 'Protocol'],
    Manager: ['PowerState'],
    Bios: ['@Redfish.Settings/SupportedApplyTimes'],
    Sensor: ['ReadingType', 'ReadingUnits', 'Reading'],
  },
  dress: (path, document) => {
    if (path === '') return { ...document, Oem: { Supermicro: {} } };
    return path === '/Systems/1' ? { ...document, VirtualMedia: linkTo('/Managers/1/VirtualMedia') } : document;
  },
};

/** Supermicro X10, Redfish 1.0.1 (quirks 2, 3, 46): little of anything. */
export const x10: Personality = {
  ...supermicro,
  id: 'x10',
  redfishVersion: '1.0.1',
  expand: 0,
  firmwareVersion: '3.88',
  resetTypes: ['On', 'ForceOff', 'GracefulShutdown', 'GracefulRestart', 'ForceRestart', 'Nmi', 'ForceOn'],
  resetInfo: 'inline',
  starts: { resetTime: false, progress: 'absent' },
  bios: {},
  boot: {
    ...supermicro.boot,
    targets: ['None', 'Pxe', 'Floppy', 'CD/DVD', 'Usb', 'Hdd', 'BiosSetup', 'UefiUsbCd'],
    options: undefined,
    mode: 'absent',
  },
  etag: { style: 'none', missing: 'take' },
  passwords: { min: 8, max: 19 },
  sensors: 'old',
  features: {
    ...supermicro.features,
    light: { ...lit, at: ['/Chassis/1'] },
    media: [],
    secureBoot: null,
    console: null,
  },
  dress: (path, document) => (path === '' ? { ...document, Oem: { Supermicro: {} } } : document),
  omits: { ...supermicro.omits, Role: [] },
  names: [['/SessionService/Sessions', '/Sessions']],
  missing: ['/UpdateService', '/TaskService', '/Systems/1/Bios', '/Systems/1/Processors', '/Systems/1/Memory'],
};
