/** How the machines of a pool are drained, emptied and taken back. */

import type { EraseByKind } from './clean/erase.ts';
import type { ReconcileLimits } from './drift/limits.ts';
import type { Seconds } from './duration.ts';
import type { DrainAdapter, DrainTimeOut, EraseMethod, ReconcileMode } from './machine.ts';
import { standardEraseOthers } from './machine.ts';

export interface PoolPolicy {
  readonly id: string;
  readonly drain: DrainAdapter;
  /** What the adapter needs to know, e.g. its address. No secret. */
  readonly drainSettings: Readonly<Record<string, string>>;
  readonly drainSecretRef: string | null;
  /** Seconds until a drain's time is up. */
  readonly drainTimeout: Seconds;
  readonly onDrainTimeout: DrainTimeOut;
  readonly erase: EraseMethod;
  /** For the disks that Farrier did not encrypt, by what they are; `erase` holds for those that are not named. */
  readonly eraseOthers: EraseByKind;
  /** Minutes that a machine must stay healthy before it goes back to production. */
  readonly soakMinutes: number;
  /** Health checks that may fail before a machine is left to a person. */
  readonly healthRetries: number;
  /** Seconds that a rebirth's or repair's burn-in may take at most; null: as the machine's profile says. */
  readonly burninCap: Seconds | null;
  /** Seconds until a reboot that brought nothing up is a failure. */
  readonly rebootTimeout: Seconds;
  /** Team that questions about the pool's machines go to. */
  readonly owner: string;
  /** What the reconciler may do about drift. */
  readonly reconcile: ReconcileMode;
  readonly reconcileLimits: ReconcileLimits;
}

/** What holds for a pool without a row: the same as the columns' defaults in `mdb/schema/pools.ts`. */
export function standardPoolPolicy(id: string): PoolPolicy {
  return {
    id,
    drain: 'none',
    drainSettings: {},
    drainSecretRef: null,
    drainTimeout: 604_800,
    onDrainTimeout: 'ask',
    erase: 'crypto',
    eraseOthers: standardEraseOthers,
    soakMinutes: 10,
    healthRetries: 3,
    burninCap: null,
    rebootTimeout: 1800,
    owner: 'operations',
    reconcile: 'observe',
    reconcileLimits: {},
  };
}
