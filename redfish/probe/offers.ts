/**
 * What controllers offer, as found by asking them and not by their maker. Nothing in here changes while a controller
 * has the same firmware; what does change (power, pending settings, inserted media) is read when it is needed.
 * Paths are links as the controller gave them. `null` and empty lists mean that it does not offer this.
 */
import type { Quirks } from '../quirks.ts';
import type { AccountLimits } from '../read/accounts.ts';
import type { Gap } from '../read/reader.ts';

/** An action that may be sent; only those named in here ever are (quirk 66). */
export interface ActionOffer {
  readonly target: string;
  /** Values that its main parameter takes, inline or from its ActionInfo (quirk 26); empty where it doesn't say. */
  readonly values: readonly string[];
}

/** Where the rest is found, from service root, system and manager. */
export interface Basis {
  readonly service: {
    readonly version: string | null;
    readonly vendor: string | null;
    readonly product: string | null;
  };
  /** Whether it puts members into collections when asked to. */
  readonly expands: boolean;
  /** Firmware version of the controller that manages the host; the offers are kept for this version. */
  readonly firmware: string | null;
  readonly systemPath: string;
  readonly managerPath: string | null;
  readonly chassisPaths: readonly string[];
  /** Values of the system's `Reset`, where an ActionInfo lists them and the system doesn't; null where it does. */
  readonly resetTypes: readonly string[] | null;
  /** Names of makers that root and system show; quirks follow from them. */
  readonly makers: readonly string[];
}

export interface BootOffer {
  /** The system, or its settings object where only that shows the override (quirks 38 and 39). */
  readonly path: string;
  readonly targets: readonly string[];
  /** Empty where it doesn't say; XCC has no `Continuous` (quirk 42). */
  readonly enabled: readonly string[];
  readonly modes: readonly string[];
  /** Whether it shows a mode at all (quirk 46). */
  readonly hasMode: boolean;
  /** Where `Boot.BootOrder` is shown, and so written; null where it isn't. */
  readonly orderPath: string | null;
  readonly optionsPath: string | null;
  /** Whether `HttpBootUri` is shown. */
  readonly httpUri: boolean;
}

export interface BiosOffer {
  readonly path: string;
  /** Where pending settings are written (quirk 47). */
  readonly settingsPath: string | null;
  /** `OnReset` …; some leave settings pending for ever without one (quirk 48). */
  readonly applyTimes: readonly string[];
  readonly reset: ActionOffer | null;
  readonly registry: string | null;
}

export interface SecureBootOffer {
  readonly path: string;
  readonly resetKeys: ActionOffer | null;
}

/** The ways to hand over an image, best first by the caller's choice (quirk 55). */
export interface UpdateOffer {
  readonly path: string;
  readonly simple: (ActionOffer & { readonly applyTimes: readonly string[] }) | null;
  readonly start: ActionOffer | null;
  /** Takes multipart/form-data; may lie outside `/redfish`. */
  readonly multipart: string | null;
  /** Takes the bare image; may lie outside `/redfish`. */
  readonly push: string | null;
  readonly maxBytes: number | null;
  readonly inventoryPath: string | null;
  /** How OpenBMC is told when a pushed image is to be applied. */
  readonly pushApplyTime: string | null;
}

export interface AccountsOffer extends AccountLimits {
  readonly path: string;
  readonly rolesPath: string | null;
}

export interface EventsOffer {
  readonly path: string;
  readonly subscriptionsPath: string | null;
  readonly types: readonly string[];
  readonly formats: readonly string[];
  readonly registries: readonly string[];
  readonly streamPath: string | null;
  readonly test: ActionOffer | null;
}

export interface MediaOffer {
  readonly path: string;
  readonly of: 'system' | 'manager';
  readonly types: readonly string[];
  /** Null where the image is set by a PATCH instead (quirk 64). */
  readonly insert: ActionOffer | null;
  readonly eject: ActionOffer | null;
}

export interface LogOffer {
  readonly path: string;
  readonly of: 'system' | 'manager' | 'chassis';
  readonly name: string;
  readonly entriesPath: string | null;
  readonly clear: ActionOffer | null;
}

export interface IndicatorOffer {
  readonly path: string;
  readonly of: 'system' | 'chassis';
  readonly property: 'LocationIndicatorActive' | 'IndicatorLED';
}

/** The controller itself: starting it again, and how its machine's console is reached. */
export interface ManagerOffer {
  readonly path: string;
  readonly reset: ActionOffer | null;
  readonly console: ConsoleOffer | null;
  readonly graphical: boolean;
}

/** Serial console; the host is the controller's own address. */
export interface ConsoleOffer {
  readonly ssh: { readonly port: number; readonly command: string | null } | null;
  readonly ipmi: { readonly port: number } | null;
}

/** Taking the mains away from the whole machine (quirk 33): one of few known actions, with the body it wants. */
export interface AcCycleOffer {
  readonly target: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the host has to be off before. */
  readonly offFirst: boolean;
}

export interface TasksOffer {
  readonly path: string;
  readonly tasksPath: string | null;
  /** Dell's job queue; null elsewhere. */
  readonly jobsPath: string | null;
}

export interface SessionsOffer {
  readonly path: string;
}

/** What may be asked for by name. */
export interface Offers {
  readonly sessions: SessionsOffer | null;
  readonly boot: BootOffer;
  readonly bios: BiosOffer | null;
  readonly secureBoot: SecureBootOffer | null;
  readonly update: UpdateOffer | null;
  readonly accounts: AccountsOffer | null;
  readonly events: EventsOffer | null;
  readonly media: readonly MediaOffer[];
  readonly logs: readonly LogOffer[];
  readonly indicators: readonly IndicatorOffer[];
  readonly manager: ManagerOffer | null;
  readonly acCycle: AcCycleOffer | null;
  readonly tasks: TasksOffer | null;
}

/** The answer of one controller to what it offers; kept by its firmware version, asked for where it isn't kept. */
export interface Probe {
  readonly basis: Basis;
  readonly quirks: Quirks;
  /** Throws RedfishError when the controller has to be asked and can't be, or is too busy to tell. */
  offer<S extends keyof Offers>(section: S): Promise<Offers[S]>;
  /** What could not be read so far. */
  gaps(): readonly Gap[];
}
