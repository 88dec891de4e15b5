import type { BmcAccount, Phase } from '../state.ts';
import { hpeOptions } from './bootoptions.ts';
import { cd, drive, standardFeatures, usb } from './feature/rules.ts';
import { linkTo } from './links.ts';
import { idsOf, ownEntry } from './logrules.ts';
import { type Personality, standardPersonality } from './personality.ts';
import { failure } from './reply.ts';

/** A virtual network card with the same address in every iLO there is (quirk 61). */
const virtualCard = {
  '@odata.type': '#EthernetInterface.v1_4_1.EthernetInterface',
  Id: '3',
  Name: 'Manager Virtual Network Interface',
  MACAddress: '0A:CA:FE:F0:0D:04',
  PermanentMACAddress: '0A:CA:FE:F0:0D:04',
  Status: { State: 'Enabled', Health: 'OK' },
};

/** `Oem.Hpe.PostState`; past POST for every other phase. */
const postStates: Readonly<Partial<Record<Phase, string>>> = {
  off: 'PowerOff',
  post: 'InPost',
  hung: 'InPost',
};

const posts = { 'power-on': 'iLOEvents.6.10.ServerPoweredOn', 'power-off': 'iLOEvents.6.10.ServerPoweredOff' };

/** HPE iLO 6 (quirks 2b, 7, 14, 26, 31, 41, 50, 58, 61, 67, 68, 69). */
export const ilo6: Personality = {
  ...standardPersonality,
  id: 'ilo6',
  redfishVersion: '1.20.0',
  registry: 'Base.1.18',
  expand: 1,
  expandAll: false,
  vendor: 'HPE',
  managerModel: 'iLO 6',
  firmwareVersion: '1.55',
  sessionsFull: failure(400, 'iLO.2.24.SessionLimitExceeded', 'No more sessions can be opened.'),
  challenge: false,
  resetTypes: ['On', 'ForceOff', 'GracefulShutdown', 'ForceRestart', 'Nmi', 'PushPowerButton', 'GracefulRestart'],
  powerPauseSeconds: 5,
  starts: {
    resetTime: false,
    progress: 'stuck',
    oem: (phase) => ({ Hpe: { PostState: postStates[phase] ?? 'FinishedPost' } }),
  },
  bios: {
    BootMode: { default: 'Uefi', values: ['Uefi', 'LegacyBios'] },
    ProcHyperthreading: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    ProcVirtualization: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    Sriov: { default: 'Disabled', values: ['Enabled', 'Disabled'] },
    WorkloadProfile: { default: 'GeneralPowerEfficientCompute', values: ['GeneralPowerEfficientCompute', 'Custom'] },
  },
  biosWrite: 'message',
  boot: {
    targets: ['None', 'Cd', 'Hdd', 'Usb', 'SDCard', 'Utilities', 'Diags', 'BiosSetup', 'Pxe', 'UefiShell', 'UefiHttp'],
    enabled: ['Disabled', 'Once', 'Continuous'],
    listed: [],
    options: hpeOptions,
    mode: 'refuse',
    partial: 'keep',
    at: 'system',
    duringPost: 'refuse',
  },
  etag: { style: 'weak', missing: 'take' },
  passwords: { min: 8, max: 39 },
  tasks: { id: String, monitor: 'keeps', first: 'Running', purgeSeconds: null, volatile: true },
  update: {
    ...standardPersonality.update,
    simple: { protocols: ['HTTP', 'HTTPS'], location: false },
    multipart: null,
    push: '/cgi-bin/uploadFile',
    maxBytes: null,
    entry: (component) => (component === 'BMC' ? '1' : '2'),
    others: { '3': 'N/A', '4': '0x25 ' },
    busy: failure(400, 'iLO.2.24.UpdateInProgress', 'A firmware update is already in progress.'),
  },
  logs: [
    { at: '/Systems/1', id: 'IML', clearable: true, entry: ownEntry('Hpe-IML', () => '17.10') },
    { at: '/Systems/1', id: 'SL', clearable: true, entry: ownEntry('Hpe-SL', () => '55.1607') },
    {
      at: '/Systems/1',
      id: 'Event',
      clearable: true,
      entry: { ...ownEntry('Hpe-Event', idsOf(posts, 'iLOEvents.6.10.ServerStateChanged')), words: false },
    },
    { at: '/Managers/1', id: 'IEL', clearable: true, entry: ownEntry('Hpe-iLOEventLog', () => '35.1017') },
  ],
  features: {
    ...standardFeatures,
    media: [drive('/Managers/1', '1', usb), drive('/Managers/1', '2', cd)],
    secureBoot: { mode: 'UserMode', keys: 'unlisted', failing: 0 },
    mains: {
      action: '#HpeComputerSystemExt.SystemReset',
      at: '/Systems/1',
      oem: 'Hpe',
      type: 'AuxCycle',
      hostOff: true,
      after: 'as-before',
    },
    erase: { methods: null, applyTimes: [], seconds: 60 },
    console: { at: 'manager', sshPort: 22, command: null },
    managerTime: false,
  },
  connections: 'reset',
  names: [['/Systems/1/Bios', '/systems/1/bios']],
  caseless: true,
  extra: { '/Managers/1/EthernetInterfaces/3': () => virtualCard },
  omits: {
    AccountService: [
      'ServiceEnabled',
      'MaxPasswordLength',
      'AccountLockoutThreshold',
      'AccountLockoutDuration',
      'AccountLockoutCounterResetAfter',
    ],
    ManagerAccount: ['Locked'],
    VirtualMedia: ['ImageName', 'TransferMethod', 'TransferProtocolType', 'UserName', 'Password'],
    LogService: ['MaxNumberOfRecords'],
    Chassis: ['Location/Placement', 'Status/HealthRollup'],
    ComputerSystem: [
      'ProcessorSummary/CoreCount',
      'ProcessorSummary/LogicalProcessorCount',
      'ProcessorSummary/Status/State',
      'ProcessorSummary/Status/Health',
      'MemorySummary/Status/State',
      'MemorySummary/Status/Health',
    ],
    Manager: ['PowerState'],
    Drive: ['Manufacturer'],
    PowerSubsystem: ['Status'],
    ThermalSubsystem: ['Status'],
    Fan: ['SpeedPercent/DataSourceUri', 'SpeedPercent/SpeedRPM'],
    Sensor: ['ReadingType', 'ReadingUnits'],
    Power: ['PowerControl/Name'],
  },
  dress: (path, document, { controller, personality }) => {
    // An empty drive names no image, but not by null.
    if (document.Image === null) return { ...document, Image: '' };
    if (path === '') return { ...document, Oem: { Hpe: ownOf(personality) } };
    const account = /^\/AccountService\/Accounts\/(\w+)$/.exec(path)?.[1];
    if (account) return { ...document, Oem: { Hpe: accountOf(controller.accounts[account]) } };
    if (path === '/Systems/1/Bios') {
      const settings = document['@Redfish.Settings'] as object;
      return {
        ...document,
        '@Redfish.Settings': {
          ...settings,
          SupportedApplyTimes: undefined,
          SettingsObject: linkTo('/Systems/1/Bios/Settings/'),
        },
      };
    }
    if (path === '/Managers/1/EthernetInterfaces') {
      const members = document.Members as object[];
      return { ...document, 'Members@odata.count': members.length + 1, Members: [...members, linkTo(`${path}/3`)] };
    }
    if (path === '/Managers/1')
      return { ...document, FirmwareVersion: `iLO ${personality.id.slice(3)} v${document.FirmwareVersion}` };
    return path === '/AccountService' && personality.id === 'ilo6'
      ? { ...document, HTTPBasicAuth: 'Unadvertised' }
      : document;
  },
};

/** Entries of iLO 5 have message ids in the event log only. */
function oldIds(log: string) {
  return { messageId: log === 'Event' ? () => 'iLOEvents.3.7.ServerPostDiscoveryComplete' : null };
}

/** What HPE's own clients look for in the service root. */
function ownOf({ firmwareVersion, managerModel }: Personality) {
  return {
    '@odata.type': '#HpeiLOServiceExt.v2_4_0.HpeiLOServiceExt',
    Manager: [
      {
        ManagerType: managerModel,
        ManagerFirmwareVersion: firmwareVersion,
        Languages: [{ Language: 'en', TranslationName: 'English', Version: firmwareVersion }],
        DefaultLanguage: 'en',
        Status: { Health: 'OK' },
      },
    ],
    Moniker: { PRODGEN: managerModel, BMC: 'iLO', PRODTAG: `HPE ${managerModel}` },
  };
}

const rights = [
  'HostBIOSConfigPriv',
  'HostNICConfigPriv',
  'HostStorageConfigPriv',
  'LoginPriv',
  'RemoteConsolePriv',
  'SystemRecoveryConfigPriv',
  'UserConfigPriv',
  'VirtualMediaPriv',
  'VirtualPowerAndResetPriv',
  'iLOConfigPriv',
];
const operating = new Set(['LoginPriv', 'RemoteConsolePriv', 'VirtualMediaPriv', 'VirtualPowerAndResetPriv']);

/** An account's own rights, of which a role is a summary. */
function accountOf(account: BmcAccount | undefined) {
  const has = (right: string) =>
    account?.role === undefined || account.role === 'Administrator'
      ? true
      : account.role === 'Operator'
        ? operating.has(right)
        : right === 'LoginPriv';
  return {
    '@odata.type': '#HpeiLOAccount.v2_2_0.HpeiLOAccount',
    LoginName: account?.username ?? '',
    Privileges: Object.fromEntries(rights.map((right) => [right, has(right)])),
    ServiceAccount: false,
  };
}

/** HPE iLO 5: as iLO 6, with sensors in the old model only (quirk 68). */
export const ilo5: Personality = {
  ...ilo6,
  id: 'ilo5',
  redfishVersion: '1.6.0',
  registry: 'Base.1.4',
  expand: 1,
  managerModel: 'iLO 5',
  firmwareVersion: '2.72',
  starts: { ...ilo6.starts, progress: 'absent' },
  sensors: 'old',
  features: {
    ...ilo6.features,
    light: {
      at: ['/Chassis/1', '/Systems/1'],
      properties: ['IndicatorLED'],
      rest: 'Off',
      looked: 'Lit',
      listed: false,
    },
    erase: null,
  },
  logs: ilo6.logs.map((log) => (log.entry ? { ...log, entry: { ...log.entry, ...oldIds(log.id) } } : log)),
  omits: {
    ...ilo6.omits,
    ManagerAccount: ['Enabled', 'Locked', 'AccountTypes'],
    Chassis: ['Location', 'Status/HealthRollup'],
  },
};
