import type { Phase } from '../state.ts';
import { link } from './document.ts';
import { cd, drive, standardFeatures, usb } from './feature/rules.ts';
import { type Personality, standard } from './personality.ts';
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

/** HPE iLO 6 (quirks 2b, 7, 14, 26, 31, 41, 50, 58, 61, 67, 68, 69). */
export const ilo6: Personality = {
  ...standard,
  id: 'ilo6',
  redfishVersion: '1.20.0',
  expand: 1,
  vendor: 'HPE',
  managerModel: 'iLO 6',
  firmwareVersion: '1.55',
  sessionsFull: failure(400, 'iLO.2.24.SessionLimitExceeded', 'No more sessions can be opened.'),
  challenge: false,
  resetTypes: ['On', 'ForceOff', 'GracefulShutdown', 'ForceRestart', 'Nmi', 'PushPowerButton', 'GracefulRestart'],
  powerPause: 5,
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
    mode: 'refuse',
    partial: 'keep',
    at: 'system',
    duringPost: 'refuse',
  },
  etag: { style: 'weak', missing: 'take', accepts: 'same', onAction: 'ignore' },
  passwords: { least: 8, most: 39 },
  tasks: { id: String, monitor: 'keeps', first: 'Running', purgeSeconds: null, volatile: true },
  update: {
    ...standard.update,
    simple: { protocols: ['HTTP', 'HTTPS'], location: false },
    multipart: null,
    push: '/cgi-bin/uploadFile',
    maxBytes: null,
    entry: (component) => (component === 'BMC' ? '1' : '2'),
    others: { '3': 'N/A', '4': '0x25 ' },
    busy: failure(400, 'iLO.2.24.UpdateInProgress', 'A firmware update is already in progress.'),
  },
  logs: [
    { at: '/Systems/1', id: 'IML', clearable: true },
    { at: '/Systems/1', id: 'SL', clearable: false },
    { at: '/Managers/1', id: 'IEL', clearable: true },
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
    },
    erase: { methods: null, applyTimes: [], seconds: 60 },
    console: { at: 'manager', sshPort: 22, command: null },
    managerTime: false,
  },
  connections: 'reset',
  names: [['/Systems/1/Bios', '/systems/1/bios']],
  caseless: true,
  extra: { '/Managers/1/EthernetInterfaces/3': () => virtualCard },
  dress: (path, document) => {
    if (path === '/Systems/1/Bios') {
      const settings = document['@Redfish.Settings'] as object;
      return {
        ...document,
        '@Redfish.Settings': {
          ...settings,
          SupportedApplyTimes: undefined,
          SettingsObject: link('/Systems/1/Bios/Settings/'),
        },
      };
    }
    if (path === '/Managers/1/EthernetInterfaces') {
      const members = document.Members as object[];
      return { ...document, 'Members@odata.count': members.length + 1, Members: [...members, link(`${path}/3`)] };
    }
    return path === '/AccountService' ? { ...document, HTTPBasicAuth: 'Unadvertised' } : document;
  },
};

/** HPE iLO 5: as iLO 6, with sensors in the old model only (quirk 68). */
export const ilo5: Personality = {
  ...ilo6,
  id: 'ilo5',
  redfishVersion: '1.6.0',
  expand: 1,
  managerModel: 'iLO 5',
  firmwareVersion: '2.72',
  starts: { ...ilo6.starts, progress: 'absent' },
  sensors: 'old',
  features: {
    ...ilo6.features,
    light: { at: ['/Chassis/1', '/Systems/1'], properties: ['IndicatorLED'], rest: 'Off', looked: 'Lit', listed: true },
    erase: null,
  },
};
