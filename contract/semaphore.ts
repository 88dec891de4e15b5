/**
 * The contract of the semaphores: one workflow a group of machines, which grants permits to have a member of the group
 * out of service. Names and plain types; all messages are plain JSON (docs/semaphores.md).
 */

import type { OrderClass } from '../domain/machine.ts';
import type { Resource } from '../domain/permits/groups.ts';
import type { PermitGate, PermitTerms } from '../domain/permits/terms.ts';

export const semaphoreWorkflow = 'semaphore';

export function semaphoreId({ operation, tag, value }: Resource): string {
  return `semaphore/${operation}/${tag}=${value}`;
}

/** The resource that an id names; null for anything that names none. */
export function readSemaphoreId(id: string): Resource | null {
  const parts =
    /^semaphore\/([a-z][a-z-]{0,31})\/([A-Za-z][A-Za-z0-9_.-]{0,62})=([A-Za-z0-9][A-Za-z0-9_. -]{0,126})$/.exec(id);
  if (!parts) return null;
  const [, operation = '', tag = '', value = ''] = parts;
  return { operation, tag, value };
}

export const semaphoreMessages = {
  /** PermitRequest; as an update it answers. */
  acquire: 'acquire',
  /** PermitReference: gives it back, or withdraws the request. Once is enough, more does no harm. */
  release: 'release',
  cancel: 'cancel',
  /** PermitReference: its holder makes progress. */
  renew: 'renew',
  /** Eviction: a person takes it away. */
  evict: 'evict',
  /** PermitReference: look at its holder now, since it may be gone. */
  look: 'look',
  /** Nothing: look at the policy and the gates again. */
  wake: 'wake',
} as const;

export const semaphoreQueries = { status: 'status' } as const;

/** Signal to the requester: PermitGrant. */
export const grantSignal = 'grant';

export interface PermitRequest {
  /** Minted by the requester: the same id again is the same request. */
  readonly id: string;
  readonly machineId: string;
  readonly siteId: string;
  readonly class: OrderClass;
  /** Workflow that hears of the grant and whose end gives it back; absent for the image system on the machine. */
  readonly workflowId?: string;
  readonly orderId?: string;
}

export interface PermitReference {
  readonly id: string;
}

export interface Eviction {
  readonly id: string;
  readonly by: string;
  readonly reason: string;
}

export interface PermitGrant {
  readonly id: string;
  readonly semaphore: string;
  readonly fence: number;
}

export type PermitAnswer =
  | { readonly state: 'granted'; readonly fence: number }
  | { readonly state: 'queued'; readonly position: number; readonly reason: string }
  | { readonly state: 'refused'; readonly reason: string };

/** Input of the workflow; `carried` is what an earlier run left over. */
export interface SemaphoreInput {
  /** Messages that one run takes at most; as many as the server allows when absent. */
  readonly max?: number;
  readonly carried?: SemaphoreCarried;
}

/** `[id, machine, site, class, workflow or '', order or '', asked, until or 0]`, times in milliseconds since 1970. */
export type PackedWaiting = readonly [string, string, string, number, string, string, number, number];

export interface SemaphoreCarried {
  readonly waiting: readonly PackedWaiting[];
  /** Ids of those waiting that the ledger does not have yet. */
  readonly fresh: readonly string[];
  readonly holders: readonly PermitHolder[];
  readonly closing: readonly PermitClosing[];
  /** Ids that have ended, newest last; bounded. */
  readonly ended: readonly string[];
  readonly terms: PermitTerms;
  readonly granted: number;
}

export interface PermitWaiting extends PermitRequest {
  /** When it was asked for, in milliseconds since 1970. */
  readonly at: number;
  /** When a request that no workflow stands behind lapses; 0 for the others. */
  readonly until: number;
}

export interface PermitHolder extends PermitWaiting {
  readonly fence: number;
  readonly since: number;
  /** Whether it may have heard of its grant, and so may have acted on it. */
  readonly notified: boolean;
  /** Last sign of progress: the grant, or the latest renewal. */
  readonly renewed: number;
  /** Why it should have been given back by now; null while all is well. */
  readonly overdue: string | null;
}

export interface PermitClosing {
  readonly id: string;
  readonly how: 'released' | 'cancelled' | 'evicted' | 'expired' | 'refused';
  readonly why: string;
  readonly by?: string;
}

/** One batch for the ledger. */
export interface LedgerBatch {
  readonly semaphore: string;
  readonly queued: readonly PermitWaiting[];
  readonly closed: readonly PermitClosing[];
  readonly overdue: readonly { readonly id: string; readonly why: string | null }[];
  /** The first in line, in order. */
  readonly candidates: readonly string[];
  /** Who holds a permit as the semaphore knows it. */
  readonly holders: readonly string[];
}

export interface LedgerResult {
  readonly terms: PermitTerms;
  readonly gate: PermitGate | null;
  readonly granted: readonly { readonly id: string; readonly fence: number }[];
  /** Permits that the ledger has granted and the semaphore did not know of: by a batch whose outcome was lost. */
  readonly found: readonly PermitHolder[];
  /** Requests that the ledger knows to have ended, or that name no machine. */
  readonly gone: readonly { readonly id: string; readonly why: string }[];
  /** Candidates that were passed over, and why. */
  readonly held: readonly { readonly id: string; readonly why: string }[];
}

/** What a semaphore that lost its workflow finds in the ledger. */
export interface LedgerRest {
  readonly holders: readonly PermitHolder[];
  readonly waiting: readonly PermitWaiting[];
}

/** Answer to the `status` query. Times are ISO 8601 in UTC. */
export interface SemaphoreStatus {
  readonly semaphore: string;
  readonly capacity: number;
  readonly holders: readonly {
    readonly id: string;
    readonly machineId: string;
    readonly class: OrderClass;
    readonly workflowId: string | null;
    readonly fence: number;
    readonly since: string;
    readonly leaseUntil: string;
    readonly overdue: string | null;
  }[];
  /** Those in front, at most a hundred by default; `waiting` counts them all. */
  readonly queue: readonly {
    readonly position: number;
    readonly id: string;
    readonly machineId: string;
    readonly class: OrderClass;
    readonly workflowId: string | null;
    readonly since: string;
    readonly reason: string;
  }[];
  readonly waiting: number;
  readonly gate: PermitGate | null;
  readonly granted: number;
  /** Messages that were not understood, newest last, at most twenty. */
  readonly ignored: readonly string[];
}
