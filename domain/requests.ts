/**
 * What each passage is asked for: the shapes of `orders.request`. An order's row holds it whole, with the defaults
 * filled in, so that what was asked stays what was asked when a default changes. Plain types: the API and the CLI
 * validate (`contract/requestschemas.ts`), the passages only read. Times are ISO 8601 in UTC.
 */
import type { EraseMethod, OpState, Passage } from './machine.ts';

/** Whose flow a drain or reboot follows; the edges of each are in `domain/flows.ts`. */
export const flows = ['basic', 'orchestrated'] as const;
export type Flow = (typeof flows)[number];

/** `asap`: power as soon as it is drained. `date`: at `powerBy`, and no earlier. */
export const powerPolicies = ['asap', 'date'] as const;
export type PowerPolicy = (typeof powerPolicies)[number];

/** Where a machine may be sent after its reboot instead of back to production. */
export const postRebootStates = ['production', 'draining', 'disabled', 'intervention'] as const satisfies OpState[];
export type PostRebootState = (typeof postRebootStates)[number];

export const powerActions = ['on', 'off', 'cycle'] as const;
export type PowerAction = (typeof powerActions)[number];

export const severities = [
  'observe',
  'restart',
  'reset-bmc',
  'power-cycle',
  'rebirth',
  'ticket',
  'rma',
  'retire',
] as const;
/** Attempts of a repair, mildest first. */
export type Severity = (typeof severities)[number];

/**
 * Names of columns or tags whose values name the groups that permits are taken of, by phase, beside those that the
 * policy names: `{ reboot: ['feed', 'gpu'] }`. One name may stand without brackets.
 */
export interface SemaphoreTags {
  readonly drain?: string | readonly string[];
  readonly reboot?: string | readonly string[];
}

/** What an order names for one phase, as a list. */
export function namedTags(semaphores: SemaphoreTags, phase: keyof SemaphoreTags): readonly string[] {
  const named = semaphores[phase] ?? [];
  return typeof named === 'string' ? [named] : named;
}

export interface BirthRequest {
  /** The disks may be wiped whatever is on them. */
  readonly wipe: boolean;
}

export interface RebirthRequest {
  readonly wipe: boolean;
  /** `wait`: the machine's next reboot applies it. `cycle`: it is power-cycled, under a permit. */
  readonly power: 'wait' | 'cycle';
  readonly semaphores: SemaphoreTags;
  /** The fault whose repair its burn-in is to verify; a burn-in that fails goes back to a repair. */
  readonly verifies: string | null;
}

export interface CleanRequest {
  /** Null: as its pool says. A method that a disk lacks is refused, never replaced. */
  readonly method: EraseMethod | null;
  /** Who gets the machine once its disks are proven empty; null leaves it to nobody. */
  readonly owner: string | null;
  readonly power: 'wait' | 'cycle';
  readonly semaphores: SemaphoreTags;
}

/** One piece of maintenance; the passage puts them in the order that needs the fewest reboots. */
export type Work =
  | {
      readonly kind: 'firmware';
      /** Entry of the firmware inventory, e.g. `BIOS` or `Installed-1-2.10`. */
      readonly component: string;
      /** Version that must be read back afterwards. */
      readonly version: string;
      /** Path below the image root, and its SHA-256 in hex. */
      readonly file: string;
      readonly sha256: string;
    }
  | { readonly kind: 'bios'; readonly attributes: Readonly<Record<string, string | number | boolean>> }
  /** Secure Boot, in force from the reboot on. */
  | { readonly kind: 'secure-boot'; readonly enabled: boolean }
  /** A new password for the account of the controller that Farrier uses; needs no reboot. */
  | { readonly kind: 'password' }
  | { readonly kind: 'reboot' }
  /** A piece that a person does; the answer `done` lets the passage go on. */
  | { readonly kind: 'step'; readonly question: string; readonly owner: string };

/** The time between two moments in which work may begin. */
export interface WorkWindow {
  readonly opens: string;
  readonly closes: string;
}

export interface MaintenanceRequest {
  readonly window: WorkWindow | null;
  readonly work: readonly Work[];
  /** Minutes that it must stay healthy before it goes back; null: as its pool says. */
  readonly soakMinutes: number | null;
  readonly drain: boolean;
  readonly semaphores: SemaphoreTags;
}

export interface RepairRequest {
  /** Names the fault, e.g. `disk/S3Z8NB0K`: one open ticket a machine and fault. */
  readonly fault: string;
  /** What was seen, in a sentence. */
  readonly evidence: string | null;
  /** The attempt to begin at; null begins at the mildest. */
  readonly severity: Severity | null;
  readonly semaphores: SemaphoreTags;
}

export interface RetireRequest {
  /** How the disks are wiped; null: as its pool says. */
  readonly method: EraseMethod | null;
  readonly semaphores: SemaphoreTags;
}

export interface DrainRequest {
  readonly flow: Flow;
  /** When the drain's time is up; null: after the pool's drain time-out. */
  readonly drainBy: string | null;
  /** `intervention`: hand the drained machine to a person. */
  readonly afterDrain: 'draining' | 'intervention';
  readonly semaphores: SemaphoreTags;
}

export interface UndrainRequest {
  readonly flow: Flow;
  /** `disabled` stops the drain and leaves the machine out of production. */
  readonly to: 'production' | 'disabled';
}

export interface RebootRequest {
  readonly flow: Flow;
  /** False reboots it as it is. */
  readonly drain: boolean;
  /** When it is rebooted even if it is not drained; null: after the pool's drain time-out. */
  readonly powerBy: string | null;
  readonly policy: PowerPolicy;
  readonly postRebootState: PostRebootState;
  readonly semaphores: SemaphoreTags;
}

export interface PowerRequest {
  readonly action: PowerAction;
  readonly semaphores: SemaphoreTags;
}

/** What can be asked of each passage; forgetting one does not compile. */
export interface Requests extends Record<Passage, object> {
  readonly birth: BirthRequest;
  readonly rebirth: RebirthRequest;
  readonly clean: CleanRequest;
  readonly maintenance: MaintenanceRequest;
  readonly repair: RepairRequest;
  readonly retire: RetireRequest;
  readonly drain: DrainRequest;
  readonly undrain: UndrainRequest;
  readonly reboot: RebootRequest;
  readonly power: PowerRequest;
}

/** What holds where an order says nothing; `repair` has no fault of its own, and `power` no action. */
export const standardRequests: Requests = {
  birth: { wipe: false },
  rebirth: { wipe: false, power: 'wait', semaphores: {}, verifies: null },
  clean: { method: null, owner: null, power: 'wait', semaphores: {} },
  maintenance: { window: null, work: [], soakMinutes: null, drain: true, semaphores: {} },
  repair: { fault: 'unknown', evidence: null, severity: null, semaphores: {} },
  retire: { method: null, semaphores: {} },
  drain: { flow: 'orchestrated', drainBy: null, afterDrain: 'draining', semaphores: {} },
  undrain: { flow: 'orchestrated', to: 'production' },
  reboot: {
    flow: 'orchestrated',
    drain: true,
    powerBy: null,
    policy: 'asap',
    postRebootState: 'production',
    semaphores: {},
  },
  power: { action: 'cycle', semaphores: {} },
};

/** The request of an order's row, typed; what an older release wrote without is filled with the defaults. */
export function requestOf<P extends Passage>(passage: P, stored: Readonly<Record<string, unknown>>): Requests[P] {
  return { ...standardRequests[passage], ...stored } as Requests[P];
}
