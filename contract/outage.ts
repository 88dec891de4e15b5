/** What passages say to the activities that take a machine out of service and bring it back. Plain data. */

import type { Milliseconds } from '../domain/duration.ts';
import type { Route, Trigger } from '../domain/flows.ts';
import type { BootState, OpState, RepairState, Stage } from '../domain/machine.ts';
import type { PermitOperation } from '../domain/permits/groups.ts';
import type { MachineState, PassageReference } from './passage.ts';

/** How the machine's pool wants it treated; the rest of the policy stays with the activities. */
export interface DisruptionPolicy {
  /** Whether an adapter drains it; without one it is drained at once. */
  readonly drains: boolean;
  /** Milliseconds until a drain's time is up. */
  readonly drainLimit: Milliseconds;
  readonly onDrainTimeout: 'kill' | 'skip' | 'ask';
  /** Milliseconds that a machine must stay healthy before it goes back. */
  readonly soak: Milliseconds;
  /** Health checks that may fail before a machine is left to a person. */
  readonly healthRetries: number;
  /** Milliseconds until a reboot that brought nothing up is a failure. */
  readonly rebootLimit: Milliseconds;
}

export interface LeaveInput extends PassageReference {
  readonly to: 'draining' | 'disabled';
  /** Asks whether it might leave now, and leaves it where it is. */
  readonly dryRun: boolean;
}

/** By which names the order itself wants permits, beside those of the policy. */
export interface GroupsInput extends PassageReference {
  readonly operation: PermitOperation;
  readonly named: readonly string[];
}

/** Left, or why it may not leave just now; asked again later. */
export type LeaveResult =
  | (Leaving & { readonly left: true })
  | (Leaving & { readonly left: false; readonly reason: string });

interface Leaving {
  readonly state: MachineState;
  readonly policy: DisruptionPolicy;
}

/** A change of what the machine is at; what is absent stays. Its state goes along an edge of a flow only. */
export type MoveInput = MachineChange & (OpMove | { readonly opState?: never });

export interface OpMove {
  readonly opState: OpState;
  readonly flow: Route;
  readonly trigger: Trigger;
}

interface MachineChange extends PassageReference {
  readonly stage?: Stage;
  readonly bootState?: BootState;
  readonly repairState?: RepairState;
  /** Why nothing moves, for people; null lifts it. */
  readonly held?: string | null;
  /** The person whose word it is; absent for Farrier's own. */
  readonly by?: string;
}

export interface HealthInput extends PassageReference {
  /** ISO 8601: what came up before that doesn't count; null where the machine was not restarted. */
  readonly since: string | null;
}
