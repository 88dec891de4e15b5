import { bmcMacOf } from '../hardware.ts';
import type { Phase } from '../state.ts';
import { accountDocument, accountPaths, accountService } from './accounts.ts';
import { biosSettings } from './bios.ts';
import { bootOf, settingsLink } from './boot.ts';
import { bootOption, bootOptions } from './bootorder.ts';
import type { Controller } from './controller.ts';
import type { Make, View } from './document.ts';
import { eventRulesOf } from './eventrules.ts';
import { adorned, featureDocument } from './feature/feature.ts';
import { jobDocument } from './jobs.ts';
import { collection, type Document, linkTo, simServiceRoot } from './links.ts';
import { logDocument } from './logs.ts';
import { networkCard, numberedMembers, storage } from './parts.ts';
import { outward } from './paths.ts';
import { roleDocument } from './privileges.ts';
import { sensorDocument, sensorLinks } from './sensors.ts';
import { without } from './shape.ts';
import { powerShown } from './shown.ts';
import { eventDocument } from './subscriptions.ts';
import { serviceDocument } from './updateservice.ts';

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

/** Every document of a controller by its path below `/redfish/v1`; undefined for a path that is not there. */
export function documentAt(path: string, controller: Controller): Document | undefined {
  const { machine, personality } = controller;
  const make =
    personality.extra?.[path] ??
    fixed[path] ??
    matching(path) ??
    serviceDocument(path) ??
    jobDocument(path, personality) ??
    roleDocument(path) ??
    logDocument(path) ??
    eventDocument(path) ??
    sensorDocument(path, personality) ??
    featureDocument(path);
  const view: View = { controller, machine, hardware: machine.hardware, personality };
  const document = make?.(view);
  if (!document) return undefined;
  const made = adorned(path, { '@odata.id': `${simServiceRoot}${path}`, ...document, ...logsLink(path, view) }, view);
  const { omits } = personality;
  const whole = without(made, [...(omits[kindOf(made)] ?? []), ...(omits[path] ?? [])]);
  const last = path.slice(path.lastIndexOf('/') + 1);
  if (whole.Id === last) whole.Id = outward(path, personality.names).replace(/^.*\//, '');
  return personality.dress ? personality.dress(path, whole, view) : whole;
}

const kindOf = (document: Document) => /^#(\w+)\./.exec(String(document['@odata.type']))?.[1] ?? '';

function logsLink(path: string, { personality }: View): Document {
  return personality.logs.some(({ at }) => at === path) ? { LogServices: linkTo(`${path}/LogServices`) } : {};
}

const cardPaths = ({ hardware }: View) =>
  Array.from({ length: hardware.model.nic.count }, (_, card) => `/Systems/1/EthernetInterfaces/${card + 1}`);
const fixed: Readonly<Record<string, Make>> = {
  '': service,
  '/Systems': () => collection('ComputerSystem', 'Systems', ['/Systems/1']),
  '/Systems/1': system,
  '/Systems/1/Bios': bios,
  '/Systems/1/Settings': ({ controller, personality }) =>
    personality.boot.at === 'settings'
      ? {
          '@odata.type': '#ComputerSystem.v1_22_1.ComputerSystem',
          Id: 'Settings',
          Name: 'Settings',
          Boot: bootOf(controller),
        }
      : undefined,
  '/Systems/1/BootOptions': bootOptions,
  '/Systems/1/ResetActionInfo': ({ personality }) =>
    personality.resetInfo === 'action-info' ? resetActionInfo(personality.resetTypes) : undefined,
  '/Managers/1/ResetActionInfo': ({ personality: { features } }) =>
    features.managerResetInfo ? resetActionInfo(features.managerReset) : undefined,
  '/Systems/1/Bios/Settings': ({ controller }) => biosSettings(controller),
  '/Systems/1/Processors': ({ hardware }) =>
    collection('Processor', 'Processors', numbered('/Systems/1/Processors', hardware.model.cpu.sockets)),
  '/Systems/1/Memory': ({ hardware }) =>
    collection('Memory', 'Memory', numbered('/Systems/1/Memory', hardware.model.dimms.count)),
  '/AccountService': accountService,
  '/AccountService/Accounts': ({ controller }) => collection('ManagerAccount', 'Accounts', accountPaths(controller)),
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
    Sessions: linkTo('/SessionService/Sessions'),
  }),
  '/SessionService/Sessions': ({ controller }) =>
    collection(
      'Session',
      'Sessions',
      controller.sessions.live().map(({ id }) => `/SessionService/Sessions/${id}`),
    ),
};

const numbered = (path: string, count: number) => Array.from({ length: count }, (_, n) => `${path}/${n + 1}`);

function matching(path: string): Make | undefined {
  const [, kind = '', number] = /^\/Systems\/1\/([A-Za-z1/]+)\/([1-9]\d{0,2})$/.exec(path) ?? [];
  const option = /^\/Systems\/1\/BootOptions\/(\w{1,8})$/.exec(path)?.[1];
  if (option) return bootOption(option);
  const numbered = numberedMembers[kind];
  if (numbered) return (view) => numbered(view, Number(number) - 1);
  const account = /^\/AccountService\/Accounts\/(\w{1,16})$/.exec(path)?.[1];
  if (account) return accountDocument(account);
  const session = /^\/SessionService\/Sessions\/([\w-]+)$/.exec(path)?.[1];
  if (!session) return undefined;
  return ({ controller }) => {
    const open = controller.sessions.live().find(({ id }) => id === session);
    return open && { '@odata.type': '#Session.v1_7_0.Session', Id: session, Name: 'Session', UserName: open.username };
  };
}

const well = { State: 'Enabled', Health: 'OK' };
const wholly = { ...well, HealthRollup: 'OK' };

function service({ hardware, personality }: View): Document {
  return {
    '@odata.type': '#ServiceRoot.v1_16_1.ServiceRoot',
    Id: 'RootService',
    Name: 'Root Service',
    RedfishVersion: personality.redfishVersion,
    UUID: hardware.uuid,
    Vendor: personality.vendor ?? hardware.model.vendor,
    Product: personality.managerModel,
    Systems: linkTo('/Systems'),
    Chassis: linkTo('/Chassis'),
    Managers: linkTo('/Managers'),
    SessionService: linkTo('/SessionService'),
    AccountService: linkTo('/AccountService'),
    UpdateService: linkTo('/UpdateService'),
    Tasks: linkTo('/TaskService'),
    ...(eventRulesOf(personality) && { EventService: linkTo('/EventService') }),
    Links: { Sessions: linkTo('/SessionService/Sessions') },
  };
}

function system(view: View): Document {
  const { controller, hardware, machine, personality } = view;
  const { model } = hardware;
  const on = powerShown(machine) === 'on';
  return {
    '@odata.type': '#ComputerSystem.v1_22_1.ComputerSystem',
    Id: '1',
    Name: 'System',
    SystemType: 'Physical',
    Manufacturer: personality.vendor ?? model.vendor,
    Model: model.product,
    SKU: model.sku,
    SerialNumber: hardware.serial,
    UUID: hardware.uuid,
    BiosVersion: controller.versionOf('BIOS'),
    PowerState: on ? 'On' : 'Off',
    Status: { State: on ? 'Enabled' : 'StandbyOffline', Health: 'OK', HealthRollup: 'OK' },
    ...startsShown(view),
    Boot: bootOf(controller),
    ...(personality.boot.at === 'settings' && { '@Redfish.Settings': settingsLink }),
    ProcessorSummary: {
      Count: model.cpu.sockets,
      CoreCount: model.cpu.sockets * model.cpu.cores,
      LogicalProcessorCount: model.cpu.sockets * model.cpu.threads,
      Model: model.cpu.model,
      Status: wholly,
    },
    MemorySummary: { TotalSystemMemoryGiB: (model.dimms.count * model.dimms.mib) / 1024, Status: wholly },
    Processors: linkTo('/Systems/1/Processors'),
    Memory: linkTo('/Systems/1/Memory'),
    Bios: linkTo('/Systems/1/Bios'),
    EthernetInterfaces: linkTo('/Systems/1/EthernetInterfaces'),
    Storage: linkTo('/Systems/1/Storage'),
    Links: { Chassis: [linkTo('/Chassis/1')], ManagedBy: [linkTo('/Managers/1')] },
    Actions: {
      '#ComputerSystem.Reset': {
        target: `${simServiceRoot}/Systems/1/Actions/ComputerSystem.Reset`,
        ...(personality.resetInfo === 'inline'
          ? { 'ResetType@Redfish.AllowableValues': personality.resetTypes }
          : { '@Redfish.ActionInfo': `${simServiceRoot}/Systems/1/ResetActionInfo` }),
      },
    },
  };
}

function startsShown({ machine, personality }: View): Document {
  const { oem, progress: how, resetTime } = personality.starts;
  return {
    ...(resetTime && { LastResetTime: machine.state.lastReset }),
    ...(how !== 'absent' && { BootProgress: { LastState: how === 'stuck' ? 'OSRunning' : progress[machine.phase] } }),
    ...(oem && { Oem: oem(machine.phase, machine.state.boots) }),
  };
}

function resetActionInfo(types: readonly string[]): Document {
  return {
    '@odata.type': '#ActionInfo.v1_4_2.ActionInfo',
    Id: 'ResetActionInfo',
    Name: 'Reset',
    Parameters: [{ Name: 'ResetType', Required: true, DataType: 'String', AllowableValues: types }],
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
      SettingsObject: linkTo('/Systems/1/Bios/Settings'),
      SupportedApplyTimes: ['OnReset'],
    },
    Actions: { '#Bios.ResetBios': { target: `${simServiceRoot}/Systems/1/Bios/Actions/Bios.ResetBios` } },
  };
}

function chassis({ hardware, machine, personality }: View): Document {
  const { model, serial } = hardware;
  return {
    '@odata.type': '#Chassis.v1_25_0.Chassis',
    Id: '1',
    Name: 'Chassis',
    ChassisType: 'RackMount',
    Manufacturer: personality.vendor ?? model.vendor,
    Model: model.product,
    SerialNumber: serial,
    PowerState: powerShown(machine) === 'on' ? 'On' : 'Off',
    Status: wholly,
    ...sensorLinks(personality),
    Location: { Placement: { Rack: hardware.rackId, RackOffset: hardware.unit, RackOffsetUnits: 'OpenU' } },
    Links: { ComputerSystems: [linkTo('/Systems/1')], ManagedBy: [linkTo('/Managers/1')] },
  };
}

function manager({ controller, hardware, personality }: View): Document {
  return {
    '@odata.type': '#Manager.v1_19_1.Manager',
    Id: '1',
    Name: 'Manager',
    ManagerType: 'BMC',
    Model: personality.managerModel,
    FirmwareVersion: controller.versionOf('BMC'),
    UUID: hardware.uuid,
    PowerState: 'On',
    CommandShell: { ServiceEnabled: true, MaxConcurrentSessions: 4, ConnectTypesSupported: ['SSH'] },
    Status: well,
    ...(personality.features.managerTime && { LastResetTime: controller.startedAt }),
    EthernetInterfaces: linkTo('/Managers/1/EthernetInterfaces'),
    Actions: {
      '#Manager.Reset': {
        target: `${simServiceRoot}/Managers/1/Actions/Manager.Reset`,
        ...(personality.features.managerResetInfo
          ? { '@Redfish.ActionInfo': `${simServiceRoot}/Managers/1/ResetActionInfo` }
          : { 'ResetType@Redfish.AllowableValues': personality.features.managerReset }),
      },
    },
    Links: { ManagerForServers: [linkTo('/Systems/1')], ManagerForChassis: [linkTo('/Chassis/1')] },
  };
}
