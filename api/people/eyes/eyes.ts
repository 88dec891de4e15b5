/** What a second person is shown of a request: the plan of what it would do, and what of it needs them. */
import { createHash } from 'node:crypto';
import type { ApprovalAct } from '../../../domain/approvals.ts';
import { inNameOrder } from '../../../domain/json.ts';
import type { OrderSpec } from '../../../domain/orders.ts';
import type { PlanLine } from '../../../domain/steps.ts';

export interface Eyes {
  readonly acts: readonly ApprovalAct[];
  /** What it is, in a few words. */
  readonly what: string;
  /** Machines whose rows it writes. Where it is one, it is that machine's outage. */
  readonly machineIds: readonly string[];
  /** What it would do, and what that rests on: it lapses as soon as one of them is another. */
  readonly plan: readonly PlanLine[];
  /** Whether it places orders, which are good for a while then. */
  readonly orders?: true;
  /** The order whose dry run says the rest of it. */
  readonly rehearse?: Omit<OrderSpec, 'id'>;
}

/** A line of a plan that no passage has foreseen. */
export const line = (does: string): PlanLine => ({ step: 'asked', does });

/** As text that is the same however the MDB has kept it. */
export const jsonOf = (value: unknown) => JSON.stringify(inNameOrder(value));

const sha256 = (value: unknown) => createHash('sha256').update(jsonOf(value)).digest('hex');

/** Of a request and its plan. */
export function hashOfAsked(route: string, params: unknown, body: unknown, plan: readonly PlanLine[]): string {
  return sha256([route, params, body, plan]);
}

/** Of all that is approved at once; null while a plan of it is not made yet. */
export function hashTogether(
  parts: readonly {
    readonly row: { readonly hash: string; readonly rehearsal: string | null };
    readonly planned: { readonly hash: string } | null;
  }[],
): string | null {
  if (parts.some(({ row, planned }) => row.rehearsal !== null && planned === null)) return null;
  return sha256(parts.map(({ row, planned }) => [row.hash, planned?.hash ?? null]));
}
