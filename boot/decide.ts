/**
 * What a boot request gets: a pure function of what the MDB says, the site's policy, the request and the clock.
 * It always decides; a machine that cannot be helped now is told to ask again.
 */

import type { SitePolicy } from '../domain/places/site.ts';
import type { BootFacts } from '../mdb/boot/boot.ts';
import { type BootRequest, identityMismatch, isAnother } from './request.ts';

/** Rises with every change of the rules below; logged with each decision. */
export const decisionVersion = 1;

/** What was answered, as counted in the MDB. */
export type AnswerName = 'bootstrap' | 'fast' | 'local' | 'wait' | 'refuse';

/** What is known about a MAC. */
export type Knowledge =
  | {
      readonly known: 'machine';
      readonly policy: SitePolicy;
      readonly machine: BootFacts;
      /** The machine that had the card which asks, where the one that asks is known by what it shows. */
      readonly cardOf?: string;
      /** Whether one more may be recorded this minute. */
      readonly admitted?: boolean;
    }
  /** `admitted`: the limit on unknown machines lets one more be recorded this minute. */
  | { readonly known: 'nothing'; readonly policy: SitePolicy; readonly admitted: boolean }
  /** The MDB does not answer; `healthy` is the last that was known of this MAC. */
  | { readonly known: 'outage'; readonly healthy: boolean };

export type Decision =
  /** Boot the local disk. */
  | { readonly do: 'local'; readonly answer: 'local' | 'refuse'; readonly reason: string }
  /** Ask again after so many seconds. */
  | { readonly do: 'wait'; readonly answer: 'wait' | 'refuse'; readonly reason: string; readonly seconds: number }
  /** Write the unknown machine's row, then decide again; `from`: the machine that had the card which asks. */
  | { readonly do: 'register'; readonly from?: string }
  | {
      readonly do: 'bootstrap';
      readonly answer: 'bootstrap' | 'fast';
      readonly machine: BootFacts;
      readonly limit: number;
      /** The address that this state goes with; null when the machine has none yet. */
      readonly address: string | null;
      readonly addressKind: 'temporary' | 'permanent';
    };

/** Trouble that the decision found, to be sent to the MDB besides giving the answer. */
export interface BootTroubleFound {
  /** `mismatch`: somebody who asks is not who they look like; `machine` is the one resembled. */
  readonly kind: 'loop' | 'mismatch' | 'card';
  readonly machine: BootFacts;
  readonly reason: string;
  /** Where a card is told to be elsewhere: whose it was. */
  readonly cardOf?: string;
}

export interface Decided {
  readonly decision: Decision;
  readonly trouble: BootTroubleFound | null;
}

/** Seconds until a machine that was told to wait asks again, before jitter: by how soon the answer may change. */
const waits = { outage: 10, unknown: 30, loop: 60, mismatch: 60, malformed: 60, full: 30, busy: 5 } as const;

/**
 * `jitter`, from 0 to 1, spreads the machines that were told to wait over half as long again, so that a rack which
 * came back together does not ask together.
 */
export function waiting(
  why: keyof typeof waits,
  reason: string,
  jitter: number,
  answer: 'wait' | 'refuse' = 'wait',
): Decision & { do: 'wait' } {
  return { do: 'wait', answer, reason, seconds: Math.round(waits[why] * (1 + jitter / 2)) };
}

export function decide(request: BootRequest, knowledge: Knowledge, jitter: number): Decided {
  if (request.mac === null)
    return quiet(waiting('malformed', 'the request has no MAC address that one can be', jitter));
  switch (knowledge.known) {
    case 'outage':
      return quiet(duringOutage(knowledge.healthy, jitter));
    case 'nothing':
      return quiet(forUnknownMachine(knowledge.policy, knowledge.admitted, jitter));
    case 'machine':
      return forMachine(request, knowledge, jitter);
  }
}

function quiet(decision: Decision): Decided {
  return { decision, trouble: null };
}

function duringOutage(healthy: boolean, jitter: number): Decision {
  return healthy
    ? { do: 'local', answer: 'local', reason: 'the MDB is away; this machine was healthy' }
    : waiting('outage', 'the MDB is away', jitter);
}

function forUnknownMachine(policy: SitePolicy, admitted: boolean, jitter: number): Decision {
  if (!policy.autoBirth) return waiting('unknown', 'this site takes no unannounced machines', jitter);
  return admitted ? { do: 'register' } : waiting('unknown', 'too many new machines this minute', jitter);
}

function forMachine(request: BootRequest, knowledge: Knowledge & { known: 'machine' }, jitter: number): Decided {
  const { machine, policy, cardOf, admitted = false } = knowledge;
  if (machine.resembles)
    return quiet(waiting('mismatch', `it looks like ${machine.resembles}; a person is asked`, jitter, 'refuse'));
  if (cardOf !== undefined) {
    const reason = `the card with the MAC ${request.mac} was in ${cardOf}; ${machine.id} boots from it now`;
    const { decision, trouble } = forKnown(machine, policy, jitter);
    return { decision, trouble: trouble ?? { kind: 'card', machine, reason, cardOf } };
  }
  const mismatch = differs(request, machine);
  if (mismatch && machine.matchedBy === 'mac' && isAnother(request, machine) && policy.autoBirth && admitted)
    return quiet({ do: 'register', from: machine.id });
  if (mismatch) {
    const trouble = { kind: 'mismatch' as const, machine, reason: mismatch };
    return { decision: afterMismatch(machine, jitter), trouble };
  }
  return forKnown(machine, policy, jitter);
}

function forKnown(machine: BootFacts, policy: SitePolicy, jitter: number): Decided {
  if (machine.bootState === 'healthy') return quiet({ do: 'local', answer: 'local', reason: 'healthy' });
  if (machine.bootstraps >= policy.bootstrapLimit) return quarantined(machine, jitter);
  return quiet(bootstrap(machine, policy.bootstrapLimit));
}

/** Known by its UUID and serial only: a further NIC, another node of its case, or one that claims to be this machine. */
function differs(request: BootRequest, machine: BootFacts): string | null {
  if (machine.matchedBy === 'identity') {
    return `${request.mac} asks with the UUID and serial number of ${machine.id}, but is none of its NICs`;
  }
  const factor = identityMismatch(request, machine);
  return factor && `${request.mac}, a NIC of ${machine.id}, asks with ${factor}`;
}

/** Without a token either way. A healthy machine's own disk is the one thing that is safe to boot. */
function afterMismatch(machine: BootFacts, jitter: number): Decision {
  const reason = 'another identity than recorded';
  return machine.bootState === 'healthy' && machine.matchedBy === 'mac'
    ? { do: 'local', answer: 'refuse', reason }
    : waiting('mismatch', reason, jitter, 'refuse');
}

export function quarantined(machine: BootFacts, jitter: number): Decided {
  const reason = `booted ${machine.bootstraps} bootstrap images without getting on; held until somebody looks`;
  return { decision: waiting('loop', reason, jitter), trouble: { kind: 'loop', machine, reason } };
}

function bootstrap(machine: BootFacts, limit: number): Decision {
  const { bootState, address, temporaryAddress } = machine;
  const answer = bootState === 'clean' ? 'fast' : 'bootstrap';
  if (bootState === 'birth') {
    return { do: 'bootstrap', answer, machine, limit, address: temporaryAddress, addressKind: 'temporary' };
  }
  return { do: 'bootstrap', answer, machine, limit, address, addressKind: 'permanent' };
}
