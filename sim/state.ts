import type { Fault } from './faults.ts';

export type Power = 'on' | 'off';

/** What a machine is doing, as somebody at its console would say. */
export type Phase =
  | 'off'
  | 'post'
  | 'network'
  | 'kernel'
  | 'agent'
  | 'filling'
  | 'disk'
  | 'system'
  | 'no-device'
  | 'hung';

export interface BootOverride {
  readonly target: string;
  readonly enabled: 'Disabled' | 'Once' | 'Continuous';
  readonly mode: 'UEFI' | 'Legacy';
}

/** A system on a disk, with what it needs to report itself ready. */
export interface InstalledSystem {
  readonly image: string;
  readonly hostname: string;
  readonly address: string;
  readonly mark: string;
  readonly agentUrl: string;
  /** Spent by the one report it is for, then absent. */
  readonly readyToken?: string;
}

export interface DiskState {
  /** `blank`, `farrier`, or the name of a foreign signature. */
  readonly content: string;
  readonly mark?: string;
  readonly system?: InstalledSystem;
}

/** Somebody who may sign in at a controller. */
export interface BmcAccount {
  readonly username: string;
  readonly password: string;
  /** Administrator when absent. */
  readonly role?: string;
  /** Whether it may sign in; true when absent. */
  readonly enabled?: boolean;
  /** What it may be used for; Redfish when absent. */
  readonly types?: readonly string[];
}

/** What a controller keeps of its own; absent until something is changed there. */
export interface ControllerState {
  accounts?: Record<string, BmcAccount>;
  firmware?: { readonly BMC?: string; readonly BIOS?: string };
  /** A version of the BIOS that the next POST flashes. */
  flash?: string;
  /** BIOS values that are listed and not committed, and how often the machine had booted then. */
  staged?: { readonly values: Record<string, string | number | boolean>; readonly boots: number };
  /** Whether its machine is being looked for by its light. */
  light?: boolean;
  /** By the path of what they are on. */
  assetTags?: Readonly<Record<string, string>>;
  /** Images by path of their drive. */
  media?: Readonly<Record<string, string>>;
  /** As set, how it was in force then, and how often the machine had booted. */
  secureBoot?: {
    readonly enabled: boolean;
    readonly before: boolean;
    readonly boots: number;
    readonly mode: 'SetupMode' | 'UserMode' | 'DeployedMode';
  };
  /** When it last started. */
  startedAt?: string;
  /** Number of the last entry that clearing took away, by log. */
  cleared?: Record<string, number>;
  subscriptions?: Readonly<Record<string, Subscription>>;
  /** Whether its event service is on, once somebody said so. */
  eventful?: boolean;
  /** Where it speaks TLS; PEM. */
  certificate?: { readonly cert: string; readonly key: string };
}

/** What outlives the simulator's process: contents of disks and NVRAM, settings, faults, and where it stood. */
export interface SimState {
  power: Power;
  /** Whether it was running its system: it then comes up as it was, as a server does when only its watcher restarts. */
  running: boolean;
  boots: number;
  /** ISO 8601, UTC. */
  lastReset: string;
  override: BootOverride;
  bios: Record<string, string | number | boolean>;
  pendingBios: Record<string, string | number | boolean>;
  /** The firmware's own boot order, once it was changed. */
  bootOrder?: readonly string[];
  /** Whether a disk is first in it. */
  diskFirst?: boolean;
  /** Fingerprint of the disk keys in NVRAM; the keys themselves are not simulated. */
  keyFingerprint?: string;
  /** System UUID of the mainboard that took the place of the first one. */
  uuid?: string;
  /** By disk number; a disk without an entry is blank. */
  disks: Record<number, DiskState>;
  faults: Fault[];
  controller?: ControllerState;
}

export const noOverride: BootOverride = { target: 'None', enabled: 'Disabled', mode: 'UEFI' };

export function freshState(bios: SimState['bios'], now: Date): SimState {
  return {
    power: 'off',
    running: false,
    boots: 0,
    lastReset: now.toISOString(),
    override: noOverride,
    bios,
    pendingBios: {},
    disks: {},
    faults: [],
  };
}

/** A subscription as its owner asked for it. */
export interface Subscription {
  readonly destination: string;
  readonly context: string | null;
  readonly request: Readonly<Record<string, unknown>>;
  /** Whether deliveries were given up, so that nothing is sent any more. */
  readonly suspended: boolean;
}
