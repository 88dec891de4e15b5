/** Orders: what is asked of one machine, and what is refused before it is placed. */
import type { OrderClass, OrderState, Passage, Stage } from './machine.ts';
import type { Refused } from './refused.ts';
import type { Requests } from './requests.ts';

/** Orders that may wait or run at one machine. */
const maxLive = 20;

/** A passage with what is asked of it. */
export type PassageRequest = { [P in Passage]: { readonly passage: P; readonly request: Requests[P] } }[Passage];

export interface OrderSpec {
  readonly id?: string | undefined;
  readonly machineId: string;
  readonly passageRequest: PassageRequest;
  readonly reason: string;
  /** Null: the usual one of this passage. */
  readonly class: OrderClass | null;
  readonly dryRun: boolean;
  /** Hash of the plan that was reviewed: it is done only if its plan is still that one. */
  readonly reviewed: string | null;
  readonly notBefore: Date | null;
  readonly deadline: Date | null;
  /** The campaign that it is one of. */
  readonly campaignId?: string;
}

const usualClasses: Partial<Record<Passage, OrderClass>> = { repair: 'repair', clean: 'clean', retire: 'clean' };

/** The class of a passage's order where nobody says one. */
export function usualClass(passage: Passage): OrderClass {
  return usualClasses[passage] ?? 'maintenance';
}

/** An order of the machine's that is not over. */
export interface LiveOrder {
  readonly id: string;
  readonly passage: Passage;
  readonly state: OrderState;
  readonly notBefore: Date | null;
}

/** Why an order is not placed at a machine that has these orders already; null where nothing speaks against it. */
export function refuseOrder(
  spec: OrderSpec,
  machine: { readonly id: string; readonly stage: Stage },
  live: readonly LiveOrder[],
  now: number,
): Refused | null {
  return refuseRehearsal(spec) ?? refuseDates(spec, now) ?? refuseLive(spec, live) ?? refuseWipe(spec, machine);
}

/** What a birth does follows from what the machine shows when it boots: there is nothing to read before. */
function refuseRehearsal({ passageRequest, dryRun, reviewed }: OrderSpec): Refused | null {
  if (passageRequest.passage !== 'birth' || (!dryRun && reviewed === null)) return null;
  return {
    code: 'invalid',
    message: 'a birth has no dry run: what it does follows from what the machine shows',
    field: 'dryRun',
  };
}

function refuseDates({ notBefore, deadline }: OrderSpec, now: number): Refused | null {
  if (deadline === null) return null;
  if (deadline.getTime() <= now) {
    return { code: 'invalid', message: `the deadline is in the past: ${deadline.toISOString()}`, field: 'deadline' };
  }
  if (notBefore !== null && deadline.getTime() <= notBefore.getTime()) {
    return { code: 'invalid', message: 'the deadline is before the time at which it may begin', field: 'deadline' };
  }
  return null;
}

/** Several orders may wait at a machine, but not the same one twice, and nothing beside a birth that is to come. */
function refuseLive({ machineId, passageRequest, notBefore }: OrderSpec, live: readonly LiveOrder[]): Refused | null {
  const twin = live.find(
    (one) =>
      one.passage === passageRequest.passage &&
      (passageRequest.passage === 'birth' || (one.notBefore?.getTime() ?? 0) === (notBefore?.getTime() ?? 0)),
  );
  if (twin) return { code: 'conflict', message: `${machineId} has order ${twin.id} already, which is ${twin.state}` };
  if (live.length < maxLive) return null;
  return { code: 'conflict', message: `${machineId} has ${live.length} orders that are not over; cancel some first` };
}

function refuseWipe(
  { passageRequest }: OrderSpec,
  machine: { readonly id: string; readonly stage: Stage },
): Refused | null {
  if (passageRequest.passage !== 'birth' || passageRequest.request.wipe || machine.stage !== 'in_service') return null;
  const message = `${machine.id} is in service and a birth wipes it: say so with "wipe"`;
  return { code: 'conflict', message, field: 'wipe' };
}
