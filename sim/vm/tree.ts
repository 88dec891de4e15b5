/** The Redfish documents of one virtual server's BMC, from its facts and its present state: pure. */
import type { VmBootOverride } from './machine.ts';
import { bayOf, biosVersion, type DiskSpec, type MachineSpec } from './qemu.ts';

export interface BmcFacts {
  readonly spec: MachineSpec;
  /** MAC of the BMC's own NIC. */
  readonly mac: string;
  readonly uuid: string;
}

export interface BmcState {
  readonly power: 'On' | 'Off';
  readonly override: VmBootOverride;
  readonly lastReset: Date | null;
  readonly linkUp: boolean;
  readonly disks: readonly DiskSpec[];
}

export type VmDocument = Readonly<Record<string, unknown>>;

export const vmServiceRoot = '/redfish/v1';
export const paths = {
  root: vmServiceRoot,
  sessionService: `${vmServiceRoot}/SessionService`,
  sessions: `${vmServiceRoot}/SessionService/Sessions`,
  systems: `${vmServiceRoot}/Systems`,
  system: `${vmServiceRoot}/Systems/1`,
  reset: `${vmServiceRoot}/Systems/1/Actions/ComputerSystem.Reset`,
  systemNics: `${vmServiceRoot}/Systems/1/EthernetInterfaces`,
  systemNic: `${vmServiceRoot}/Systems/1/EthernetInterfaces/1`,
  storages: `${vmServiceRoot}/Systems/1/Storage`,
  storage: `${vmServiceRoot}/Systems/1/Storage/1`,
  drive: (bay: string) => `${vmServiceRoot}/Systems/1/Storage/1/Drives/${bay}`,
  chassisList: `${vmServiceRoot}/Chassis`,
  chassis: `${vmServiceRoot}/Chassis/1`,
  managers: `${vmServiceRoot}/Managers`,
  manager: `${vmServiceRoot}/Managers/bmc`,
  managerNics: `${vmServiceRoot}/Managers/bmc/EthernetInterfaces`,
  managerNic: `${vmServiceRoot}/Managers/bmc/EthernetInterfaces/1`,
} as const;

export const vmResetTypes = [
  'On',
  'ForceOff',
  'GracefulShutdown',
  'GracefulRestart',
  'ForceRestart',
  'PowerCycle',
] as const;
export type VmResetType = (typeof vmResetTypes)[number];

export const overrideTargets = ['None', 'Pxe', 'Hdd'] as const;
export const overrideStates = ['Disabled', 'Once', 'Continuous'] as const;

/** Firmware boots one way only, as its machine was built. */
export function overrideMode(spec: MachineSpec): 'UEFI' | 'Legacy' {
  return spec.firmware === 'uefi' ? 'UEFI' : 'Legacy';
}

export const bmcFirmware = '1.0.0';
const ok = { State: 'Enabled', Health: 'OK' } as const;
const link = (path: string) => ({ '@odata.id': path });

function resource(path: string, type: string, id: string, name: string, body: VmDocument): VmDocument {
  return { '@odata.id': path, '@odata.type': type, Id: id, Name: name, ...body };
}

export function collectionAt(path: string, kind: string, members: readonly string[]): VmDocument {
  return {
    '@odata.id': path,
    '@odata.type': `#${kind}Collection.${kind}Collection`,
    Name: `${kind} Collection`,
    Members: members.map(link),
    'Members@odata.count': members.length,
  };
}

function serviceRoot({ uuid }: BmcFacts): VmDocument {
  return resource(vmServiceRoot, '#ServiceRoot.v1_15_0.ServiceRoot', 'RootService', 'Root Service', {
    RedfishVersion: '1.17.0',
    UUID: uuid,
    Vendor: 'Farrier',
    Product: 'Virtual BMC',
    Systems: link(paths.systems),
    Chassis: link(paths.chassisList),
    Managers: link(paths.managers),
    SessionService: link(paths.sessionService),
    Links: { Sessions: link(paths.sessions) },
  });
}

function system({ spec }: BmcFacts, state: BmcState): VmDocument {
  const on = state.power === 'On';
  return resource(paths.system, '#ComputerSystem.v1_20_0.ComputerSystem', '1', spec.id, {
    SystemType: 'Physical',
    Manufacturer: spec.manufacturer,
    Model: spec.product,
    SKU: 'FVM',
    SerialNumber: spec.serial,
    UUID: spec.uuid,
    BiosVersion: biosVersion,
    PowerState: state.power,
    LastResetTime: (state.lastReset ?? new Date(0)).toISOString(),
    Status: { ...ok, State: on ? 'Enabled' : 'StandbyOffline', HealthRollup: 'OK' },
    // Whoever runs in the machine does not tell its BMC how far it has come; only *off* is known.
    ...(on ? {} : { BootProgress: { LastState: 'None' } }),
    ProcessorSummary: { Count: 1, CoreCount: spec.cpus, Status: ok },
    MemorySummary: { TotalSystemMemoryGiB: spec.memoryMib / 1024, Status: ok },
    Boot: {
      BootSourceOverrideTarget: state.override.target,
      'BootSourceOverrideTarget@Redfish.AllowableValues': overrideTargets,
      BootSourceOverrideEnabled: state.override.enabled,
      'BootSourceOverrideEnabled@Redfish.AllowableValues': overrideStates,
      BootSourceOverrideMode: overrideMode(spec),
      'BootSourceOverrideMode@Redfish.AllowableValues': [overrideMode(spec)],
    },
    EthernetInterfaces: link(paths.systemNics),
    Storage: link(paths.storages),
    Links: { Chassis: [link(paths.chassis)], ManagedBy: [link(paths.manager)] },
    Actions: {
      '#ComputerSystem.Reset': { target: paths.reset, 'ResetType@Redfish.AllowableValues': vmResetTypes },
    },
  });
}

function systemNic({ spec }: BmcFacts, state: BmcState): VmDocument {
  const up = state.power === 'On' && state.linkUp;
  return resource(paths.systemNic, '#EthernetInterface.v1_9_0.EthernetInterface', '1', 'NIC 1', {
    MACAddress: spec.nic.mac,
    PermanentMACAddress: spec.nic.mac,
    InterfaceEnabled: true,
    LinkStatus: up ? 'LinkUp' : 'LinkDown',
    Status: ok,
  });
}

function storage({ disks }: BmcState): VmDocument {
  return resource(paths.storage, '#Storage.v1_15_0.Storage', '1', 'Bays', {
    Drives: disks.map((disk) => link(paths.drive(bayOf(disk)))),
    'Drives@odata.count': disks.length,
    Status: ok,
  });
}

const protocols = { virtio: 'PCIe', nvme: 'NVMe', ahci: 'SATA' } as const;

function drive(disk: DiskSpec): VmDocument {
  const bay = bayOf(disk);
  return resource(paths.drive(bay), '#Drive.v1_17_0.Drive', bay, `Drive ${bay}`, {
    Manufacturer: 'QEMU',
    Model: 'VirtualDisk',
    SerialNumber: disk.serial,
    CapacityBytes: disk.gib * 1024 ** 3,
    MediaType: 'SSD',
    Protocol: protocols[disk.kind],
    PhysicalLocation: { PartLocation: { LocationType: 'Bay', ServiceLabel: `bay ${bay}` } },
    Status: ok,
  });
}

function chassis({ spec }: BmcFacts, state: BmcState): VmDocument {
  return resource(paths.chassis, '#Chassis.v1_23_0.Chassis', '1', `${spec.id} chassis`, {
    ChassisType: 'RackMount',
    Manufacturer: spec.manufacturer,
    Model: spec.product,
    SerialNumber: spec.serial,
    PowerState: state.power,
    Status: ok,
    Links: { ComputerSystems: [link(paths.system)], ManagedBy: [link(paths.manager)] },
  });
}

function manager({ uuid }: BmcFacts): VmDocument {
  return resource(paths.manager, '#Manager.v1_18_0.Manager', 'bmc', 'Manager', {
    ManagerType: 'BMC',
    Manufacturer: 'Farrier',
    Model: 'Virtual BMC',
    FirmwareVersion: bmcFirmware,
    UUID: uuid,
    PowerState: 'On',
    Status: ok,
    EthernetInterfaces: link(paths.managerNics),
    Links: { ManagerForServers: [link(paths.system)], ManagerForChassis: [link(paths.chassis)] },
  });
}

function managerNic({ mac }: BmcFacts): VmDocument {
  return resource(paths.managerNic, '#EthernetInterface.v1_9_0.EthernetInterface', '1', 'BMC NIC', {
    MACAddress: mac,
    PermanentMACAddress: mac,
    InterfaceEnabled: true,
    LinkStatus: 'LinkUp',
    Status: ok,
  });
}

function sessionService(): VmDocument {
  return resource(paths.sessionService, '#SessionService.v1_1_8.SessionService', 'SessionService', 'Session Service', {
    ServiceEnabled: true,
    SessionTimeout: 1800,
    Sessions: link(paths.sessions),
    Status: ok,
  });
}

/** The document at a path; null where there is none. Sessions are the server's own. */
export function vmDocument(path: string, facts: BmcFacts, state: BmcState): VmDocument | null {
  const makers: Readonly<Record<string, () => VmDocument>> = {
    '/redfish': () => ({ v1: `${vmServiceRoot}/` }),
    [paths.root]: () => serviceRoot(facts),
    [paths.sessionService]: sessionService,
    [paths.systems]: () => collectionAt(paths.systems, 'ComputerSystem', [paths.system]),
    [paths.system]: () => system(facts, state),
    [paths.systemNics]: () => collectionAt(paths.systemNics, 'EthernetInterface', [paths.systemNic]),
    [paths.systemNic]: () => systemNic(facts, state),
    [paths.storages]: () => collectionAt(paths.storages, 'Storage', [paths.storage]),
    [paths.storage]: () => storage(state),
    ...Object.fromEntries(state.disks.map((disk) => [paths.drive(bayOf(disk)), () => drive(disk)])),
    [paths.chassisList]: () => collectionAt(paths.chassisList, 'Chassis', [paths.chassis]),
    [paths.chassis]: () => chassis(facts, state),
    [paths.managers]: () => collectionAt(paths.managers, 'Manager', [paths.manager]),
    [paths.manager]: () => manager(facts),
    [paths.managerNics]: () => collectionAt(paths.managerNics, 'EthernetInterface', [paths.managerNic]),
    [paths.managerNic]: () => managerNic(facts),
  };
  return Object.hasOwn(makers, path) ? (makers[path]?.() ?? null) : null;
}
