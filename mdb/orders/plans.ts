/** What orders would do, as their rehearsals found. */
import type { PlanLine } from '../../domain/steps.ts';
import type { Transaction } from '../acting.ts';
import { plans } from '../schema.ts';

export interface StoredPlan {
  readonly orderId: string;
  readonly hash: string;
  readonly lines: readonly PlanLine[];
}

/** Writes the plan of an order; one that was made before is replaced by what is true now. */
export async function writePlan(tx: Transaction, { orderId, hash, lines }: StoredPlan): Promise<void> {
  await tx
    .insert(plans)
    .values({ orderId, hash, lines })
    .onConflictDoUpdate({ target: plans.orderId, set: { hash, lines, madeAt: new Date() } });
}
