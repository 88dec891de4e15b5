import { lenovoOptions } from './bootoptions.ts';
import { cd, drive, standardFeatures } from './feature/rules.ts';
import { ownEntry } from './logrules.ts';
import { type Personality, standardPersonality } from './personality.ts';
import { failure } from './reply.ts';

/** Lenovo XCC (quirks 4, 20, 26, 29, 42, 47, 51, 55, 58, 67, 69). */
export const xcc: Personality = {
  ...standardPersonality,
  id: 'xcc',
  redfishVersion: '1.15.0',
  expand: 2,
  vendor: 'Lenovo',
  managerModel: 'Lenovo XClarity Controller',
  firmwareVersion: '9.88',
  sessionCap: 16,
  resetTypes: ['On', 'Nmi', 'GracefulShutdown', 'GracefulRestart', 'ForceOn', 'ForceOff', 'ForceRestart'],
  starts: {
    resetTime: false,
    progress: 'absent',
    oem: (_, boots) => ({ Lenovo: { NumberOfReboots: boots } }),
  },
  bios: {
    Processors_HyperThreading: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    OperatingModes_ChooseOperatingMode: {
      default: 'MaximumEfficiency',
      values: ['MaximumEfficiency', 'MaximumPerformance', 'CustomMode'],
    },
    Power_WorkloadConfiguration: { default: 'Balanced', values: ['Balanced', 'IOSensitive'] },
  },
  // It conflicts with the operating mode, which nobody is told (quirk 51).
  biosDrops: ['Power_WorkloadConfiguration'],
  boot: {
    targets: ['None', 'Pxe', 'Cd', 'Usb', 'Hdd', 'BiosSetup', 'Diags', 'UefiTarget'],
    enabled: ['Disabled', 'Once'],
    listed: ['Enabled'],
    options: lenovoOptions,
    mode: 'free',
    partial: 'keep',
    at: 'system',
    duringPost: 'take',
  },
  etag: { style: 'strong', missing: 428, inBody: true },
  lockout: { threshold: 5, seconds: 3600 },
  passwords: { min: 10, max: 32 },
  tasks: { id: (number) => `update-${number}`, monitor: 'deletes', first: 'New', purgeSeconds: null, volatile: false },
  update: {
    ...standardPersonality.update,
    simple: null,
    push: '/fwupdate',
    multipart: '/mfwupdate',
    entry: (component) => (component === 'BMC' ? 'BMC-Primary' : 'UEFI'),
    others: { 'BMC-Backup': '9.12', LXPM: null },
    busy: failure(503, 'Update.1.1.0.OperationTransitionedToJob', 'Another update is in progress.'),
  },
  logs: [
    { at: '/Systems/1', id: 'SEL', clearable: true, entry: ownEntry('Lenovo', null) },
    { at: '/Systems/1', id: 'AuditLog', clearable: true, entry: ownEntry('Lenovo', null) },
    { at: '/Systems/1', id: 'PlatformLog', clearable: true, entry: ownEntry('Lenovo', null) },
  ],
  features: {
    ...standardFeatures,
    light: { at: ['/Systems/1'], properties: ['IndicatorLED'], rest: 'Off', looked: 'Lit', listed: false },
    assetTag: ['/Systems/1'],
    media: ['EXT1', 'EXT2'].map((id) => ({ ...drive('/Managers/1', id, cd), how: 'patch' })),
    secureBoot: { mode: 'UserMode', keys: 'unlisted', failing: 0 },
    mains: {
      action: '#LenovoComputerSystem.SystemReset',
      at: '/Systems/1',
      oem: null,
      type: 'ACPowerCycle',
      hostOff: false,
      after: 'as-before',
    },
    erase: null,
    console: { at: 'manager', sshPort: 22, command: null },
  },
  names: [['/Systems/1/Bios/Settings', '/Systems/1/Bios/Pending']],
  omits: {
    ServiceRoot: ['Product'],
    ComputerSystem: ['ProcessorSummary/CoreCount'],
    VirtualMedia: ['TransferMethod', 'TransferProtocolType'],
  },
};

/** Lenovo SR675 V3, whose host may hang after a forced restart (quirk 32). */
export const sr675: Personality = {
  ...xcc,
  id: 'sr675',
  features: { ...xcc.features, restart: 'hangs' },
  dress: (path, document) => (path === '/Systems/1' ? { ...document, Model: 'ThinkSystem SR675 V3' } : document),
};

/** Huawei iBMC (quirk 19). */
export const ibmc: Personality = {
  ...standardPersonality,
  id: 'ibmc',
  redfishVersion: '1.0.2',
  expand: 0,
  vendor: 'Huawei',
  managerModel: 'iBMC',
  firmwareVersion: '6.41',
  starts: { resetTime: false, progress: 'absent' },
  features: {
    ...standardFeatures,
    assetTag: [],
    // That a drive wants to be told the protocol is another vendor's (Nokia, quirk 64).
    media: [{ ...drive('/Managers/1', 'CD', cd), needs: ['TransferProtocolType'] }],
    erase: null,
  },
  etag: { style: 'strong', missing: 412 },
  tasks: { ...standardPersonality.tasks, volatile: true },
};
