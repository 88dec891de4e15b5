import { bmcMacOf, diskSerial, type Hardware, macOf } from '../hardware.ts';
import type { Machine } from '../machine.ts';
import type { Phase } from '../state.ts';
import type { Personality } from './personality.ts';

type Document = Record<string, unknown>;
type Link = { readonly '@odata.id': string };

const root = '/redfish/v1';
const link = (path: string): Link => ({ '@odata.id': `${root}${path}` });

/** The boot's progress as Redfish words it. */
const progress: Readonly<Record<Phase, string>> = {
  off: 'None',
  post: 'SystemHardwareInitializationComplete',
  network: 'OEM',
  kernel: 'OSBootStarted',
  agent: 'OSRunning',
  filling: 'OSRunning',
  disk: 'OSBootStarted',
  system: 'OSRunning',
  'no-device': 'OEM',
  hung: 'SystemHardwareInitializationComplete',
};

export const overrideTargets = ['None', 'Pxe', 'Hdd', 'BiosSetup', 'UefiHttp'];
export const overrideModes = ['UEFI', 'Legacy'];

/** Every document of a controller by its path below `/redfish/v1`; undefined for a path that is not there. */
export function documentAt(
  path: string,
  machine: Machine,
  personality: Personality,
  sessions: readonly string[],
): Document | undefined {
  const make = fixed[path] ?? matching(path);
  const document = make?.({ machine, hardware: machine.hardware, personality, sessions });
  if (!document) return undefined;
  const whole = { '@odata.id': `${root}${path}`, ...document };
  return personality.dress ? personality.dress(path, whole, machine.hardware) : whole;
}

interface View {
  readonly machine: Machine;
  readonly hardware: Hardware;
  readonly personality: Personality;
  readonly sessions: readonly string[];
}

type Make = (view: View) => Document | undefined;

function collection(type: string, name: string, paths: readonly string[]): Document {
  return {
    '@odata.type': `#${type}Collection.${type}Collection`,
    Name: name,
    'Members@odata.count': paths.length,
    Members: paths.map(link),
  };
}

const cardPaths = ({ hardware }: View) =>
  Array.from({ length: hardware.model.nic.count }, (_, card) => `/Systems/1/EthernetInterfaces/${card + 1}`);
const drivePaths = ({ hardware }: View) =>
  hardware.model.disks.map((_, index) => `/Systems/1/Storage/1/Drives/${index + 1}`);

const fixed: Readonly<Record<string, Make>> = {
  '': service,
  '/Systems': () => collection('ComputerSystem', 'Systems', ['/Systems/1']),
  '/Systems/1': system,
  '/Systems/1/Bios': bios,
  '/Systems/1/Bios/Settings': pendingBios,
  '/Systems/1/EthernetInterfaces': (view) => collection('EthernetInterface', 'Network cards', cardPaths(view)),
  '/Systems/1/Storage': () => collection('Storage', 'Storage', ['/Systems/1/Storage/1']),
  '/Systems/1/Storage/1': storage,
  '/Chassis': () => collection('Chassis', 'Chassis', ['/Chassis/1']),
  '/Chassis/1': chassis,
  '/Managers': () => collection('Manager', 'Managers', ['/Managers/1']),
  '/Managers/1': manager,
  '/Managers/1/EthernetInterfaces': () =>
    collection('EthernetInterface', 'Network cards', ['/Managers/1/EthernetInterfaces/1']),
  '/Managers/1/EthernetInterfaces/1': ({ hardware }) => networkCard('1', bmcMacOf(hardware), true),
  '/SessionService': ({ personality }) => ({
    '@odata.type': '#SessionService.v1_1_9.SessionService',
    Id: 'SessionService',
    Name: 'Sessions',
    ServiceEnabled: true,
    SessionTimeout: personality.sessionSeconds,
    Sessions: link('/SessionService/Sessions'),
  }),
  '/SessionService/Sessions': ({ sessions }) =>
    collection(
      'Session',
      'Sessions',
      sessions.map((id) => `/SessionService/Sessions/${id}`),
    ),
};

function matching(path: string): Make | undefined {
  const [, kind, number] = /^\/Systems\/1\/(EthernetInterfaces|Storage\/1\/Drives)\/(\d{1,3})$/.exec(path) ?? [];
  const index = Number(number) - 1;
  if (kind === 'EthernetInterfaces') {
    return ({ hardware }) =>
      index >= 0 && index < hardware.model.nic.count
        ? networkCard(String(index + 1), macOf(hardware, index), index === 0)
        : undefined;
  }
  if (kind) return (view) => drive(view, index);
  const session = /^\/SessionService\/Sessions\/([\w-]+)$/.exec(path)?.[1];
  if (!session) return undefined;
  return ({ sessions }) =>
    sessions.includes(session)
      ? { '@odata.type': '#Session.v1_7_0.Session', Id: session, Name: 'Session', UserName: 'admin' }
      : undefined;
}

function service({ hardware, personality }: View): Document {
  return {
    '@odata.type': '#ServiceRoot.v1_16_1.ServiceRoot',
    Id: 'RootService',
    Name: 'Root Service',
    RedfishVersion: personality.redfishVersion,
    UUID: hardware.uuid,
    Vendor: hardware.model.vendor,
    Product: personality.managerModel,
    Systems: link('/Systems'),
    Chassis: link('/Chassis'),
    Managers: link('/Managers'),
    SessionService: link('/SessionService'),
    Links: { Sessions: link('/SessionService/Sessions') },
  };
}

function system(view: View): Document {
  const { hardware, machine, personality } = view;
  const { model } = hardware;
  const on = machine.state.power === 'on';
  return {
    '@odata.type': '#ComputerSystem.v1_22_1.ComputerSystem',
    Id: '1',
    Name: 'System',
    SystemType: 'Physical',
    Manufacturer: model.vendor,
    Model: model.product,
    SKU: model.sku,
    SerialNumber: hardware.serial,
    UUID: hardware.uuid,
    BiosVersion: model.biosVersion,
    PowerState: on ? 'On' : 'Off',
    LastResetTime: machine.state.lastReset,
    Status: { State: on ? 'Enabled' : 'StandbyOffline', Health: 'OK', HealthRollup: 'OK' },
    BootProgress: { LastState: progress[machine.phase] },
    Boot: boot(machine),
    ProcessorSummary: {
      Count: model.cpu.sockets,
      CoreCount: model.cpu.sockets * model.cpu.cores,
      LogicalProcessorCount: model.cpu.sockets * model.cpu.threads,
      Model: model.cpu.model,
    },
    MemorySummary: { TotalSystemMemoryGiB: (model.dimms.count * model.dimms.mib) / 1024 },
    Bios: link('/Systems/1/Bios'),
    EthernetInterfaces: link('/Systems/1/EthernetInterfaces'),
    Storage: link('/Systems/1/Storage'),
    Links: { Chassis: [link('/Chassis/1')], ManagedBy: [link('/Managers/1')] },
    Actions: {
      '#ComputerSystem.Reset': {
        target: `${root}/Systems/1/Actions/ComputerSystem.Reset`,
        'ResetType@Redfish.AllowableValues': personality.resetTypes,
      },
    },
  };
}

function boot({ state }: Machine): Document {
  return {
    BootSourceOverrideEnabled: state.override.enabled,
    BootSourceOverrideTarget: state.override.target,
    BootSourceOverrideMode: state.override.mode,
    'BootSourceOverrideTarget@Redfish.AllowableValues': overrideTargets,
    'BootSourceOverrideMode@Redfish.AllowableValues': overrideModes,
    'BootSourceOverrideEnabled@Redfish.AllowableValues': ['Disabled', 'Once', 'Continuous'],
  };
}

function bios({ machine, personality }: View): Document {
  return {
    '@odata.type': '#Bios.v1_2_3.Bios',
    Id: 'Bios',
    Name: 'BIOS',
    AttributeRegistry: `${personality.id}.v1_0_0`,
    Attributes: machine.state.bios,
    '@Redfish.Settings': {
      '@odata.type': '#Settings.v1_3_5.Settings',
      SettingsObject: link('/Systems/1/Bios/Settings'),
      SupportedApplyTimes: ['OnReset'],
    },
  };
}

function pendingBios({ machine }: View): Document {
  return {
    '@odata.type': '#Bios.v1_2_3.Bios',
    Id: 'Settings',
    Name: 'Pending BIOS settings',
    Attributes: machine.state.pendingBios,
  };
}

function networkCard(id: string, mac: string, up: boolean): Document {
  return {
    '@odata.type': '#EthernetInterface.v1_12_1.EthernetInterface',
    Id: id,
    Name: `Network card ${id}`,
    MACAddress: mac,
    PermanentMACAddress: mac,
    LinkStatus: up ? 'LinkUp' : 'LinkDown',
    Status: { State: 'Enabled', Health: 'OK' },
  };
}

function storage(view: View): Document {
  const drives = drivePaths(view);
  return {
    '@odata.type': '#Storage.v1_15_1.Storage',
    Id: '1',
    Name: 'Storage',
    'Drives@odata.count': drives.length,
    Drives: drives.map(link),
  };
}

function drive({ hardware }: View, index: number): Document | undefined {
  const disk = hardware.model.disks[index];
  if (!disk) return undefined;
  return {
    '@odata.type': '#Drive.v1_18_0.Drive',
    Id: String(index + 1),
    Name: disk.name,
    SerialNumber: diskSerial(hardware, index),
    Model: disk.model,
    CapacityBytes: disk.bytes,
    MediaType: disk.rotational ? 'HDD' : 'SSD',
    Status: { State: 'Enabled', Health: 'OK' },
  };
}

function chassis({ hardware, machine }: View): Document {
  const { model, serial } = hardware;
  return {
    '@odata.type': '#Chassis.v1_25_0.Chassis',
    Id: '1',
    Name: 'Chassis',
    ChassisType: 'RackMount',
    Manufacturer: model.vendor,
    Model: model.product,
    SerialNumber: serial,
    PowerState: machine.state.power === 'on' ? 'On' : 'Off',
    Location: { Placement: { Rack: hardware.rackId, RackOffset: hardware.unit, RackOffsetUnits: 'OpenU' } },
    Links: { ComputerSystems: [link('/Systems/1')], ManagedBy: [link('/Managers/1')] },
  };
}

function manager({ hardware, personality }: View): Document {
  return {
    '@odata.type': '#Manager.v1_19_1.Manager',
    Id: '1',
    Name: 'Manager',
    ManagerType: 'BMC',
    Model: personality.managerModel,
    FirmwareVersion: personality.firmwareVersion,
    UUID: hardware.uuid,
    Status: { State: 'Enabled', Health: 'OK' },
    EthernetInterfaces: link('/Managers/1/EthernetInterfaces'),
    Links: { ManagerForServers: [link('/Systems/1')], ManagerForChassis: [link('/Chassis/1')] },
  };
}
