import { standardFeatures } from './feature/rules.ts';
import { type Personality, standardPersonality } from './personality.ts';
import { failure } from './reply.ts';

/** AMI MegaRAC as in DGX H100, ASRock Rack, Gigabyte (quirks 6, 21, 25, 26, 27, 37, 38, 47, 55, 67). */
export const ami: Personality = {
  ...standardPersonality,
  id: 'ami',
  redfishVersion: '1.11.0',
  expand: 1,
  vendor: 'NVIDIA',
  managerModel: 'AST2600',
  firmwareVersion: '23.11.08',
  resetTypes: ['On', 'ForceOff', 'ForceRestart', 'GracefulShutdown'],
  resetInfo: 'action-info',
  resetTask: true,
  starts: { resetTime: false, progress: 'whole' },
  bios: {
    HTEN000: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    SRIOV001: { default: 'Disabled', values: ['Enabled', 'Disabled'] },
    NWSK000: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
  },
  boot: {
    targets: ['None', 'Pxe', 'Cd', 'Usb', 'Hdd', 'BiosSetup', 'UefiHttp'],
    enabled: ['Disabled', 'Once', 'Continuous'],
    listed: ['Enabled', 'Mode'],
    mode: 'free',
    partial: 'refuse',
    at: 'settings',
    duringPost: 'take',
  },
  etag: {
    style: 'weak',
    missing: 428,
    missingId: 'Ami.1.0.PreconditionHeaderMissing',
    never: '/Systems/1/Bios/Settings',
  },
  lockout: { threshold: 5, seconds: 30 },
  passwords: { min: 13, max: 20 },
  tasks: { ...standardPersonality.tasks, volatile: true },
  update: {
    ...standardPersonality.update,
    simple: null,
    push: null,
    entry: (component) => (component === 'BMC' ? 'HostBMC_0' : 'HostBIOS_0'),
    others: { MB_CPLD_0: 'undefined' },
    busy: failure(503, 'Ami.1.0.UpdateInProgress', 'A firmware update is in progress.'),
  },
  logs: [
    { at: '/Systems/1', id: 'BIOS', clearable: true },
    { at: '/Managers/1', id: 'SEL', clearable: true },
  ],
  features: {
    ...standardFeatures,
    assetTag: [],
    light: { at: ['/Chassis/1'], properties: ['IndicatorLED'], rest: 'Off', looked: 'Lit', listed: false },
    media: [],
    secureBoot: { mode: 'SetupMode', keys: 'unlisted', failing: 0 },
    erase: null,
  },
  names: [
    ['/Systems/1/Bios/Settings', '/Systems/Self/Bios/SD'],
    ['/Systems/1/Settings', '/Systems/Self/SD'],
    ['/Systems/1', '/Systems/Self'],
    ['/Managers/1', '/Managers/Self'],
    ['/Chassis/1', '/Chassis/Self'],
  ],
  // A system that no collection lists (quirk 63).
  extra: {
    '/Systems/Capabilities': () => ({
      '@odata.type': '#ComputerSystem.v1_14_0.ComputerSystem',
      Id: 'Capabilities',
      Name: 'Capabilities of systems',
    }),
  },
};
