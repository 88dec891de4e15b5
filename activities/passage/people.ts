import type { HumanStepInput, IgnoredInput, OperatorAnswer, PassageReference } from '../../contract/passage.ts';
import { type Actor, acting, record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { handBack } from '../../mdb/orders/orders.ts';
import * as passage from '../../mdb/orders/passage.ts';
import * as people from '../../mdb/people/people.ts';
import { actorOf } from './order.ts';

const day = 24 * 60 * 60 * 1000;

/** Asks a person: question, ticket, the step's row and the machine's reason change together. */
export function askPeople(mdb: Mdb, input: HumanStepInput): Promise<void> {
  const { id, machineId, orderId, step, fault, reason } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    await passage.lockMachine(tx, machineId);
    const ticketId = await people.openHumanStep(tx, input);
    await passage.settleStep(tx, orderId, step, 'held', { message: reason });
    // Who takes a passage over works beside the agent, which keeps to what it was told.
    const directive = fault === 'takeover' ? {} : { directive: { do: 'hold' as const, reason } };
    await passage.updateMachine(tx, machineId, { held: reason, ...directive });
    await record(tx, {
      actor: actorOf(input),
      action: 'step.asked',
      machineId,
      orderId,
      detail: { id, fault, reason, ticketId },
    });
  });
}

export function remindPeople(mdb: Mdb, input: PassageReference & { id: string }): Promise<void> {
  const { id, machineId, orderId } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const reminder = await people.remindHumanStep(tx, id, day);
    if (reminder === null) return;
    const detail = { id, ...reminder };
    await record(tx, { actor: actorOf(input), action: 'step.reminded', machineId, orderId, detail });
  });
}

/** Writes the answer down and lets the step go on. */
export function recordAnswer(
  mdb: Mdb,
  input: PassageReference & OperatorAnswer & { id: string; step: string },
): Promise<void> {
  const { id, machineId, orderId, step, answer, by } = input;
  const kind = by === 'farrier' ? 'system' : by === machineId ? 'node' : 'user';
  const answerer: Actor = { class: kind, name: by, epoch: input.epoch };
  return acting(mdb, answerer, orderId, async (tx) => {
    await passage.lockMachine(tx, machineId);
    if (!(await people.closeHumanStep(tx, id, answer, by, input))) return;
    await passage.settleStep(tx, orderId, step, 'running');
    if (answer === 'hand-back') await handBack(tx, orderId);
    // A person's word is a new intent, so the birther serves images again; a machine that booted anew has no word.
    await passage.updateMachine(tx, machineId, { held: null, ...(answerer.class === 'user' ? { bootstraps: 0 } : {}) });
    await record(tx, { actor: answerer, action: 'step.answered', machineId, orderId, detail: { id, answer } });
  });
}

/** Keeps an answer that came late, twice, to the wrong question or in a wrong form. */
export async function recordIgnored(mdb: Mdb, { machineId, why, answer }: IgnoredInput): Promise<void> {
  await mdb.transaction((tx) => people.keepIgnored(tx, { machineId, why, answer }));
}
