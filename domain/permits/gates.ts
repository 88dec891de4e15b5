/** The gates in front of a grant: capacity, windows, the healthy share, and what keeps a single machine back. */
import type { OrderClass } from '../machine.ts';
import type { PermitPolicy } from './policy.ts';
import type { PermitGate } from './terms.ts';

/** One semaphore at one moment. */
export interface GateFacts {
  readonly policy: PermitPolicy;
  readonly group: { readonly total: number; readonly healthy: number };
  readonly capacity: number;
  /** Permits that are left. */
  readonly room: number;
  /** When the window opens; null while it is open. */
  readonly opensAt: number | null;
  /** Grants that the rate leaves for now, and when it leaves more; null where there is no rate. */
  readonly rate: { readonly left: number; readonly until: number } | null;
  /** The storm brake, while it is engaged. */
  readonly brake: PermitGate | null;
}

export interface PermitCandidate {
  readonly id: string;
  readonly class: OrderClass;
}

export interface GateVerdict<C extends PermitCandidate> {
  readonly granted: readonly C[];
  readonly held: readonly { readonly id: string; readonly why: string }[];
  readonly gate: PermitGate | null;
}

/** What is known of a candidate's machine. */
export interface CandidateFacts {
  /** It is in service and well: a permit for it takes it out. */
  readonly healthy: boolean;
  /** Why it can't have this permit now although there is one; null where nothing speaks against it. */
  readonly busy: string | null;
}

/** Goes down the line. Who is kept back by something of its own lets the others pass; a closed gate lets no one. */
export function judgeCandidates<C extends PermitCandidate>(
  context: GateFacts,
  candidates: readonly C[],
  facts: ReadonlyMap<string, CandidateFacts>,
): GateVerdict<C> {
  if (candidates.length === 0) return { granted: [], held: [], gate: context.room > 0 ? null : fullGate(context) };
  const granted: C[] = [];
  const held: { id: string; why: string }[] = [];
  let gate: PermitGate | null = null;
  let healthy = context.group.healthy;
  for (const candidate of candidates) {
    const fact = facts.get(candidate.id) ?? { healthy: true, busy: null };
    if (context.room - granted.length <= 0) {
      gate = fullGate(context);
      break;
    }
    if (context.rate !== null && context.rate.left - granted.length <= 0) {
      gate ??= rateGate(context, context.rate);
      break;
    }
    const closed = windowGate(context, candidate) ?? breakerGate(context, fact) ?? healthGate(context, healthy, fact);
    const why = closed?.reason ?? fact.busy;
    if (why === null) {
      granted.push(candidate);
      if (fact.healthy) healthy -= 1;
    } else {
      held.push({ id: candidate.id, why });
      gate ??= closed;
    }
  }
  return { granted, held, gate };
}

function fullGate({ capacity }: GateFacts): PermitGate {
  const reason = capacity === 0 ? 'the policy allows no permit' : `all permits are held, of ${capacity}`;
  return { kind: 'capacity', reason, until: null };
}

function rateGate({ policy }: GateFacts, { until }: { readonly until: number }): PermitGate {
  return { kind: 'rate', reason: `${policy.perMinute} were granted within a minute`, until };
}

/** An emergency waits for no window. */
function windowGate({ opensAt }: GateFacts, { class: urgency }: PermitCandidate): PermitGate | null {
  if (opensAt === null || urgency === 'emergency') return null;
  return { kind: 'window', reason: `its window opens at ${new Date(opensAt).toISOString()}`, until: opensAt };
}

/** What is out of service already is no part of a storm. */
function breakerGate({ brake }: GateFacts, { healthy }: CandidateFacts): PermitGate | null {
  return healthy ? brake : null;
}

/** A machine that is out of service already takes nothing away. */
function healthGate({ policy, group }: GateFacts, healthy: number, fact: CandidateFacts): PermitGate | null {
  if (policy.minHealthy === null || !fact.healthy) return null;
  const needed = Math.ceil((group.total * policy.minHealthy) / 100);
  if (healthy - 1 >= needed) return null;
  const reason = `${healthy} of ${group.total} are healthy, and ${needed} must stay so (${policy.minHealthy} %)`;
  return { kind: 'healthy', reason, until: null };
}
