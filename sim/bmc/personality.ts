import type { Hardware } from '../hardware.ts';
import type { SimEffect } from '../journal.ts';
import type { BmcAccount, Phase, SimState } from '../state.ts';
import { type FeatureRules, standardFeatures } from './feature/rules.ts';
import { failure, type Reply } from './reply.ts';

export interface BiosAttribute {
  readonly default: string | number | boolean;
  /** Values it may take; any of the default's type when absent. */
  readonly values?: readonly (string | number | boolean)[];
}

/** A boot option as the family's firmware words it. */
export interface BootOptionRule {
  readonly kind: 'network' | 'disk' | 'other';
  /** Name of its resource. */
  readonly id: string;
  readonly reference: string;
  /** The rest of it, for a machine whose first network card has that MAC. */
  readonly shown: (mac: string) => Readonly<Record<string, unknown>>;
}

/** Where and how the boot override is written (quirks 36 to 43). */
export interface BootRules {
  readonly targets: readonly string[];
  readonly enabled: readonly string[];
  /** Whether the mode may be written, is refused, or starts a BIOS job of its own each time it is (quirk 40). */
  readonly mode: 'free' | 'refuse' | 'job' | 'absent';
  /** What happens to fields left out: they stay, fall back to a default, or the whole is refused. */
  readonly partial: 'keep' | 'reset' | 'refuse';
  /** On the system itself, or on its settings object. */
  readonly at: 'system' | 'settings';
  /** Which of the other two properties say what may be written. */
  readonly listed: readonly ('Enabled' | 'Mode')[];
  /** The firmware's own order, in which it stands at first; absent where none is shown. */
  readonly options?: readonly BootOptionRule[] | undefined;
  readonly duringPost: 'take' | 'refuse';
}

/** How a PATCH has to name the version that it changes (quirks 19 to 25). */
export interface EtagRules {
  /** `header`: there and not in the body. */
  readonly style: 'none' | 'header' | 'strong' | 'weak';
  /** Answer to a PATCH without If-Match. */
  readonly missing: 'take' | 412 | 428;
  /** MessageId of a 428 that is not of the Base registry. */
  readonly missingId?: string;
  /** Whether `@odata.etag` in a body counts as If-Match does. */
  readonly inBody?: true;
  /** A resource, below `/redfish/v1`, that takes no tag at all and only goes without. */
  readonly never?: string;
}

export interface TaskRules {
  /** Name of the n-th task. */
  readonly id: (number: number) => string;
  /**
   * What reading the monitor of a finished task does: nothing, the monitor is gone after one answer, or the task with
   * it. `absent`: there are no monitors (quirk 58).
   */
  readonly monitor: 'keeps' | 'once' | 'deletes' | 'absent';
  /** State shown at first. */
  readonly first: 'New' | 'Starting' | 'Running';
  /** Seconds after its end that a task is forgotten (quirk 54). */
  readonly purgeSeconds: number | null;
  /** Whether they are in memory only, and gone when the controller starts again. */
  readonly volatile: boolean;
  /** Whether they are jobs of a queue too, which keeps them when they are purged as tasks (quirk 48). */
  readonly jobs?: true;
}

/** The ways to flash, of which a family has some (quirks 55 to 57). */
export interface UpdateRules {
  readonly simple: {
    readonly protocols: readonly string[];
    readonly location: boolean;
    /** Whether protocols are told by an ActionInfo. */
    readonly info?: true;
  } | null;
  /** Whole path that takes multipart/form-data. */
  readonly multipart: string | null;
  /** Whole path that takes the bare image. */
  readonly push: string | null;
  readonly maxBytes: number | null;
  /** An upload is only verified, and flashed by StartUpdate. */
  readonly twoPhase: boolean;
  /** Seconds that flashing takes. */
  readonly seconds: number;
  readonly chunked: 'take' | 'refuse';
  /** When the BIOS is flashed: by the controller at once, or by a job that waits for the next POST. */
  readonly bios: 'at-once' | 'at-post';
  /** Name of a component's entry in the firmware inventory, which may carry the version (quirk 60). */
  readonly entry: (component: 'BMC' | 'BIOS', version: string) => string;
  /** What else the inventory lists, with versions as odd as they are in the field. */
  readonly others: Readonly<Record<string, string | null>>;
  readonly busy: Reply;
}

/** What a controller shows of its host's starts. */
export interface StartRules {
  /** `LastResetTime`. */
  readonly resetTime: boolean;
  /**
   * `BootProgress`: as the start goes on, not at all, or the last stage whatever happens, as iLO 6 shows it (quirk 70).
   */
  readonly progress: 'whole' | 'absent' | 'stuck';
  /** What the vendor shows besides, by the host's phase and how often it has started. */
  readonly oem?: (phase: Phase, boots: number) => Record<string, Record<string, unknown>>;
}

export interface LogRule {
  /** Resource that has it, below `/redfish/v1`. */
  readonly at: '/Systems/1' | '/Managers/1' | '/Chassis/1';
  readonly id: string;
  readonly clearable: boolean;
  /** What it holds: the machine's events by default. */
  readonly of?: 'console';
  /** How its entries are worded; as plain events when absent. */
  readonly entry?: {
    readonly type: 'Event' | 'SEL' | 'Oem';
    readonly format?: string;
    /** Null where entries have none. */
    readonly messageId: ((effect: SimEffect) => string) | null;
    /** Whether entries say in words what happened; true when absent. */
    readonly words?: false;
  };
}

/** What a family's own documents are made from. */
export interface OwnView {
  readonly controller: { readonly accounts: Readonly<Record<string, BmcAccount>> };
  readonly hardware: Hardware;
  readonly personality: Personality;
}

/**
 * What makes one vendor's controller differ from another's: data, and the few functions that data cannot say.
 * Adding a vendor is adding one of these.
 */
export interface Personality {
  readonly id: string;
  readonly redfishVersion: string;
  /** The Base registry as its messages name it: `Base.1.18.0`. */
  readonly registry: string;
  /** Whether answers to GET tell in Allow which methods go; refusals always do. */
  readonly allow: boolean;
  /** Levels of links that `$expand` puts in; 0 where the query is not known. */
  readonly expand: number;
  /** Whether `*` may be asked for, besides `.`; true when absent. */
  readonly expandAll?: false;
  /** Of the server; the model's own when absent. */
  readonly vendor?: string;
  readonly managerModel: string;
  readonly firmwareVersion: string;
  /** Sessions open at once, before further log-ins are refused. */
  readonly sessionCap: number;
  readonly sessionSeconds: number;
  readonly sessionsFull: Reply;
  /** Whether a refusal asks for Basic, which some only take unasked (quirk 2b). */
  readonly challenge: boolean;
  readonly resetTypes: readonly string[];
  readonly resetInfo: 'inline' | 'action-info';
  /** Whether a power command that would change nothing is taken (204) or refused (409). */
  readonly redundantPower: 'accept' | 'refuse';
  /** Seconds after a power command during which another one is refused (quirk 31). */
  readonly powerPauseSeconds: number;
  readonly starts: StartRules;
  /** Whether a reset is followed by a task (quirk 27). */
  readonly resetTask: boolean;
  readonly bios: Readonly<Record<string, BiosAttribute>>;
  /**
   * `pending`: in force after POST. `apply-time`: stays staged until a job is asked for (quirk 48). `message`: 200 and
   * a hint that a reset is needed (quirk 50).
   */
  readonly biosWrite: 'pending' | 'apply-time' | 'message';
  /** Settings that are taken, listed as pending and dropped at POST (quirk 51). */
  readonly biosDrops: readonly string[];
  readonly boot: BootRules;
  readonly etag: EtagRules;
  /** Wrong passwords in a row until nobody is let in, for so many seconds; null for never. */
  readonly lockout: { readonly threshold: number; readonly seconds: number } | null;
  readonly passwords: { readonly min: number; readonly max: number };
  /** Number of fixed account slots, of which the first is reserved; null where accounts are POSTed. */
  readonly slots: number | null;
  /** Whether an account's resource is named by a number or by its user. */
  readonly accountIds: 'number' | 'name';
  /** Whether a new password ends the sessions of its user. */
  readonly passwordSignsOut: boolean;
  readonly tasks: TaskRules;
  readonly update: UpdateRules;
  readonly logs: readonly LogRule[];
  readonly sensors: 'old' | 'new' | 'both';
  readonly features: FeatureRules;
  /** Answer to everything while it starts. */
  readonly busy: Reply;
  /** Seconds that the controller needs to start again. */
  readonly restartSeconds: number;
  /** A connection may be used again, or is reset then (quirk 7). */
  readonly connections: 'keep' | 'reset';
  /** Own names of resources: pairs of the path used in here and the one shown, both below `/redfish/v1`. */
  readonly names: readonly (readonly [string, string])[];
  /** Whether paths are matched whatever their case (quirk 14). */
  readonly caseless: boolean;
  /**
   * What this family does not show of what others do: by the type of the resource or its path below `/redfish/v1`,
   * `Boot/BootOrder` for what is inside.
   * Recorded trees decide (`test/sim/recorded.test.ts`).
   */
  readonly omits: Readonly<Record<string, readonly string[]>>;
  /** Power supplies that a chassis shows. */
  readonly supplies: number;
  /** Whether the new model of sensors shows fans. */
  readonly fans: boolean;
  /** Resources, below `/redfish/v1`, that it does not have. */
  readonly missing: readonly string[];
  /** Resources that others do not have, by path. */
  readonly extra?: Readonly<Record<string, (view: OwnView) => Record<string, unknown> | undefined>>;
  /** Last word on a document before it is sent; `path` is below `/redfish/v1`. */
  readonly dress?: (path: string, document: Record<string, unknown>, view: OwnView) => Record<string, unknown>;
}

export const standardPersonality: Personality = {
  id: 'standard',
  redfishVersion: '1.18.0',
  registry: 'Base.1.18.0',
  allow: true,
  expand: 6,
  managerModel: 'Simulated BMC',
  firmwareVersion: '1.12.3',
  sessionCap: 8,
  sessionSeconds: 1800,
  sessionsFull: failure(
    503,
    'SessionLimitExceeded',
    'The session establishment failed due to the number of simultaneous sessions exceeding the limit of the implementation.',
  ),
  challenge: true,
  resetTypes: [
    'On',
    'ForceOn',
    'ForceOff',
    'GracefulShutdown',
    'GracefulRestart',
    'ForceRestart',
    'PowerCycle',
    'PushPowerButton',
  ],
  resetInfo: 'inline',
  redundantPower: 'accept',
  powerPauseSeconds: 0,
  starts: { resetTime: true, progress: 'whole' },
  resetTask: false,
  bios: {
    BootMode: { default: 'Uefi', values: ['Uefi', 'LegacyBios'] },
    NetworkBoot: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    HyperThreading: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    Virtualization: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    SriovSupport: { default: 'Disabled', values: ['Enabled', 'Disabled'] },
    PowerProfile: { default: 'Balanced', values: ['Balanced', 'Performance', 'Efficiency'] },
    BootRetrySeconds: { default: 20 },
  },
  biosWrite: 'pending',
  biosDrops: [],
  boot: {
    targets: ['None', 'Pxe', 'Hdd', 'BiosSetup', 'UefiHttp'],
    enabled: ['Disabled', 'Once', 'Continuous'],
    listed: ['Enabled', 'Mode'],
    mode: 'free',
    partial: 'keep',
    at: 'system',
    duringPost: 'take',
  },
  etag: { style: 'strong', missing: 'take' },
  lockout: null,
  passwords: { min: 8, max: 64 },
  slots: null,
  accountIds: 'number',
  passwordSignsOut: false,
  tasks: { id: String, monitor: 'keeps', first: 'Running', purgeSeconds: null, volatile: false },
  update: {
    simple: { protocols: ['HTTP', 'HTTPS'], location: true },
    multipart: '/redfish/v1/UpdateService/upload',
    push: '/redfish/v1/UpdateService/push',
    maxBytes: 256 * 2 ** 20,
    twoPhase: false,
    seconds: 60,
    chunked: 'take',
    bios: 'at-once',
    entry: (component) => component,
    others: {},
    busy: failure(503, 'ServiceInUnknownState', 'An update is in progress.'),
  },
  logs: [
    { at: '/Systems/1', id: 'SEL', clearable: true },
    { at: '/Managers/1', id: 'Log', clearable: true },
  ],
  sensors: 'both',
  features: standardFeatures,
  busy: {
    ...failure(503, 'ServiceTemporarilyUnavailable', 'The service is temporarily unavailable. Retry in 5 seconds.', [
      '5',
    ]),
    headers: { 'retry-after': '5' },
  },
  restartSeconds: 20,
  connections: 'keep',
  names: [],
  caseless: false,
  omits: {},
  supplies: 2,
  fans: true,
  missing: [],
};

export function defaultBios({ bios }: Personality, firmware: 'bios' | 'uefi'): SimState['bios'] {
  const values = Object.fromEntries(Object.entries(bios).map(([name, attribute]) => [name, attribute.default]));
  const legacy = bios['BootMode']?.values?.[1];
  return { ...values, ...(legacy !== undefined && firmware === 'bios' && { BootMode: legacy }) };
}
