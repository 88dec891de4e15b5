import { bmcMacOf, type Hardware } from '../hardware.ts';
import { dellOptions } from './bootoptions.ts';
import { cd, drive, standardFeatures, usb } from './feature/rules.ts';
import { linkTo } from './links.ts';
import { idsOf, ownEntry, selEntry } from './logrules.ts';
import { type Personality, standardPersonality } from './personality.ts';
import { failure } from './reply.ts';

const onOff = ['Enabled', 'Disabled'];

/** What the lifecycle log calls things. */
const lifecycle = idsOf(
  {
    'power-on': 'IDRAC.2.7.SYS1000',
    'power-off': 'IDRAC.2.7.SYS1001',
    reset: 'IDRAC.2.7.SYS1003',
    'bmc-reset': 'IDRAC.2.7.RAC0182',
  },
  'IDRAC.2.7.USR0030',
);

/** What Dell says of a machine in the service root, for which nobody has to sign in. */
function ownOf(hardware: Hardware) {
  return {
    '@odata.type': '#DellServiceRoot.v1_0_0.DellServiceRoot',
    IsBranded: 0,
    ManagerMACAddress: bmcMacOf(hardware),
    ServiceTag: hardware.serial,
  };
}

/** Dell iDRAC9 as of 6.00 (quirks 1, 9, 16, 26, 29, 40, 48, 54, 59, 62, 67, 69). */
export const idrac9: Personality = {
  ...standardPersonality,
  id: 'idrac9',
  redfishVersion: '1.13.1',
  registry: 'Base.1.12',
  expand: 1,
  vendor: 'Dell',
  managerModel: 'Integrated Dell Remote Access Controller',
  firmwareVersion: '6.00.30.00',
  sessionCap: 8,
  sessionsFull: failure(
    503,
    'IDRAC.2.8.RAC0218',
    'Unable to create a session because the maximum number of user sessions is reached.',
  ),
  resetTypes: [
    'On',
    'ForceOff',
    'ForceRestart',
    'GracefulRestart',
    'GracefulShutdown',
    'PushPowerButton',
    'Nmi',
    'PowerCycle',
  ],
  redundantPower: 'refuse',
  starts: { resetTime: true, progress: 'absent' },
  bios: {
    BootMode: { default: 'Uefi', values: ['Uefi', 'Bios'] },
    LogicalProc: { default: 'Enabled', values: onOff },
    ProcVirtualization: { default: 'Enabled', values: onOff },
    SriovGlobalEnable: { default: 'Disabled', values: onOff },
    SysProfile: {
      default: 'PerfPerWattOptimizedDapc',
      values: ['PerfPerWattOptimizedDapc', 'PerfOptimized', 'Custom'],
    },
    AssetTag: { default: '' },
  },
  biosWrite: 'apply-time',
  boot: {
    targets: ['None', 'Pxe', 'Floppy', 'Cd', 'Hdd', 'BiosSetup', 'Utilities', 'UefiTarget', 'SDCard', 'UefiHttp'],
    enabled: ['Disabled', 'Once', 'Continuous'],
    listed: [],
    options: dellOptions,
    mode: 'job',
    partial: 'keep',
    at: 'system',
    duringPost: 'take',
  },
  etag: { style: 'strong', missing: 'take' },
  passwords: { min: 0, max: 40 },
  slots: 16,
  tasks: {
    id: (number) => `JID_${String(400_000_000_000 + number)}`,
    monitor: 'absent',
    first: 'New',
    purgeSeconds: 60,
    volatile: false,
    jobs: true,
  },
  update: {
    simple: { protocols: ['HTTP', 'NFS', 'CIFS', 'TFTP', 'HTTPS'], location: true },
    multipart: '/redfish/v1/UpdateService/MultipartUpload',
    push: '/redfish/v1/UpdateService/FirmwareInventory',
    maxBytes: null,
    twoPhase: false,
    seconds: 90,
    chunked: 'refuse',
    bios: 'at-post',
    entry: (component, version) =>
      component === 'BMC'
        ? `Installed-25227-${version}__iDRAC.Embedded.1-1`
        : `Installed-159-${version}__BIOS.Setup.1-1`,
    others: { 'Previous-25227-4.40.29.00__iDRAC.Embedded.1-1': '4.40.29.00', 'Installed-0-2.1.3__Disk.Bay.0': '2.1.3' },
    busy: failure(503, 'IDRAC.2.8.RED014', 'A firmware update operation is already in progress.'),
  },
  logs: [
    { at: '/Managers/1', id: 'Sel', clearable: true, entry: selEntry(() => '7e012102') },
    { at: '/Managers/1', id: 'Lclog', clearable: false, entry: ownEntry('Dell', lifecycle) },
    { at: '/Managers/1', id: 'FaultList', clearable: false, entry: ownEntry('Dell', lifecycle) },
  ],
  features: {
    ...standardFeatures,
    light: {
      at: ['/Chassis/1', '/Systems/1'],
      properties: ['IndicatorLED'],
      rest: 'Lit',
      looked: 'Blinking',
      listed: false,
    },
    media: [
      drive('/Managers/1', 'CD', cd),
      drive('/Managers/1', 'RemovableDisk', usb),
      drive('/Systems/1', '1', [...cd, 'USBStick']),
      drive('/Systems/1', '2', [...cd, 'USBStick']),
    ],
    secureBoot: { mode: 'DeployedMode', keys: 'inline', failing: 2 },
    mains: {
      action: '#DellOemChassis.ExtendedReset',
      at: '/Chassis/1',
      oem: null,
      type: 'PowerCycle',
      hostOff: false,
      after: 'off',
      saysAfter: true,
    },
    erase: { methods: null, applyTimes: ['Immediate'], seconds: 60 },
    console: null,
    managerReset: ['GracefulRestart'],
    assetTag: ['/Chassis/1', '/Systems/1'],
  },
  omits: {
    ServiceRoot: ['UUID'],
    TaskService: ['CompletedTaskOverWritePolicy', 'LifeCycleEventOnTaskStateChange'],
    Chassis: ['Location/Placement/RackOffset', 'Location/Placement/RackOffsetUnits'],
    Fan: ['SpeedPercent/DataSourceUri', 'SpeedPercent/Reading'],
  },
  busy: failure(503, 'IDRAC.2.8.SYS518', 'iDRAC is not ready. The data sources are unavailable.'),
  restartSeconds: 60,
  names: [
    ['/Systems/1', '/Systems/System.Embedded.1'],
    ['/Managers/1', '/Managers/iDRAC.Embedded.1'],
    ['/Chassis/1', '/Chassis/System.Embedded.1'],
  ],
  // The service tag is the SKU; the serial number is the board's (quirk 62).
  dress: (path, document, { hardware }) => {
    if (path === '') return { ...document, JobService: linkTo('/JobService'), Oem: { Dell: ownOf(hardware) } };
    if (path === '/UpdateService') return { ...document, MaxImageSizeBytes: null };
    return path === '/Systems/1'
      ? { ...document, SKU: hardware.serial, SerialNumber: `${hardware.serial}B` }
      : document;
  },
};
