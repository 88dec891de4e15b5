import { and, eq, inArray, isNull } from 'drizzle-orm';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { closeTicket } from '../people/people.ts';
import { humanSteps, machines, orders, tickets } from '../schema.ts';

/** Fault of the ticket about a passage that broke off: it asks nothing, so lifting the hold settles it. */
export const brokenPassage = 'passage/broken';

/**
 * Lifts the hold of a machine by a person's word, which the audit keeps. Nothing else about it changes: where it stands out
 * of production, an order brings it back. A hold that is a question is answered, and not lifted.
 */
export function liftHold(mdb: Mdb, actor: Actor, machineId: string, reason: string): Promise<true | Refused> {
  return acting(mdb, actor, null, async (tx) => {
    const [machine] = await tx.select().from(machines).where(eq(machines.id, machineId)).for('update');
    if (!machine) return { code: 'not-found', message: `there is no machine ${machineId}`, field: 'machine' };
    if (machine.held === null) return { code: 'conflict', message: `${machineId} is not held`, field: 'machine' };
    const question = await openQuestion(tx, machineId);
    if (question !== null) return { code: 'conflict', message: question, field: 'machine' };
    // An agent that was told to hold waits from now on for what an order tells it.
    const directive = machine.directive.do === 'hold' ? { directive: { do: 'wait' as const } } : {};
    await tx
      .update(machines)
      .set({ held: null, ...directive })
      .where(eq(machines.id, machineId));
    await closeBroken(tx, actor, machineId, reason);
    await record(tx, { actor, action: 'machine.unhold', machineId, detail: { reason, was: machine.held } });
    return true;
  });
}

/** That an order under way waits for an answer, and the command that gives it; null when none does. */
async function openQuestion(tx: Transaction, machineId: string): Promise<string | null> {
  const [step] = await tx
    .select({ id: humanSteps.id, choices: humanSteps.choices })
    .from(humanSteps)
    .innerJoin(orders, eq(orders.id, humanSteps.orderId))
    .where(
      and(
        eq(humanSteps.machineId, machineId),
        isNull(humanSteps.answeredAt),
        inArray(orders.state, ['waiting', 'running']),
      ),
    );
  if (!step) return null;
  return `an order of ${machineId} waits for an answer: farrier step answer ${step.id} ${step.choices.join('|')}`;
}

async function closeBroken(tx: Transaction, actor: Actor, machineId: string, reason: string): Promise<void> {
  const open = await tx
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(eq(tickets.machineId, machineId), eq(tickets.fault, brokenPassage), isNull(tickets.closedAt)));
  for (const { id } of open) await closeTicket(tx, id, actor.name, reason);
}
