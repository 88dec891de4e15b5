import { createHash } from 'node:crypto';
import type { PassageReference } from '../../contract/passage.ts';
import { inNameOrder } from '../../domain/json.ts';
import type { PlanLine } from '../../domain/steps.ts';
import { acting, record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { writePlan } from '../../mdb/orders/plans.ts';
import { actorOf } from './order.ts';

/** The plan's name: the same lines, the same hash, in whatever order a command's fields come. */
export function hashPlan(lines: readonly PlanLine[]): string {
  return createHash('sha256')
    .update(JSON.stringify(inNameOrder(lines)))
    .digest('hex');
}

/** Keeps what the order would do, and gives its hash. */
export function keepPlan(mdb: Mdb, input: PassageReference & { lines: readonly PlanLine[] }): Promise<string> {
  const { machineId, orderId, lines } = input;
  const hash = hashPlan(lines);
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    await writePlan(tx, { orderId, hash, lines });
    await record(tx, { actor: actorOf(input), action: 'order.planned', machineId, orderId, detail: { hash } });
    return hash;
  });
}
