/** Answers of people, from wherever they come: the API, the CLI, a closed ticket. */

import { and, eq } from 'drizzle-orm';
import type { Answer } from '../../contract/machine.ts';
import { type AnswerSpec, refuseAnswer } from '../../domain/answering.ts';
import { readPlace } from '../../domain/answers.ts';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { post } from '../outbox.ts';
import { humanSteps, machines, outbox, racks } from '../schema.ts';
import { keepIgnored } from './people.ts';

export interface Answerer extends Actor {
  readonly role: 'viewer' | 'operator' | 'admin';
}

/** Hands an answer to the passage that asked. The first one counts; every other is kept, and refused with the reason. */
export async function answerStep(mdb: Mdb, answerer: Answerer, spec: AnswerSpec): Promise<true | Refused> {
  return acting(mdb, answerer, null, async (tx) => {
    const [step] = await tx.select().from(humanSteps).where(eq(humanSteps.id, spec.step)).for('update');
    const refused =
      (step ? refuseAnswer(step, answerer, spec) : missing(spec)) ??
      (await refusePlace(tx, step, spec)) ??
      (await hand(tx, answerer, step, spec));
    if (refused === null) return true;
    const answer = { ...spec, by: answerer.name };
    await keepIgnored(tx, { machineId: step?.machineId ?? 'unknown', why: refused.message, answer });
    return refused;
  });
}

type AnswerableStep = typeof humanSteps.$inferSelect;

function missing({ step }: AnswerSpec): Refused {
  return { code: 'not-found', message: `there is no step ${step}: farrier step list shows the open ones` };
}

/** Why the place that an answer names is none; null where it is one, or where the answer names none. */
async function refusePlace(
  tx: Transaction,
  request: AnswerableStep | undefined,
  { answer }: AnswerSpec,
): Promise<Refused | null> {
  if (!request || !answer.startsWith('place:')) return null;
  const invalid = (message: string) => ({ code: 'invalid', message, field: 'answer' }) as const;
  const place = readPlace(answer);
  if (place === null)
    return invalid(`${JSON.stringify(answer)} is not of the form place:RACK/UNIT or place:RACK/UNIT.SLOT`);
  const [rack] = await tx
    .select({ units: racks.units })
    .from(racks)
    .innerJoin(machines, eq(machines.siteId, racks.siteId))
    .where(and(eq(racks.id, place.rack), eq(machines.id, request.machineId)));
  if (!rack) return invalid(`there is no rack ${place.rack} in its site`);
  if (place.unit >= 1 && place.unit <= rack.units) return null;
  return invalid(`rack ${place.rack} has ${rack.units} units: there is no unit ${place.unit}`);
}

async function hand(
  tx: Transaction,
  by: Answerer,
  request: AnswerableStep | undefined,
  spec: AnswerSpec,
): Promise<Refused | null> {
  if (!request) return missing(spec);
  const { id, machineId, orderId } = request;
  const { answer, note, data } = spec;
  const payload: Answer = {
    step: id,
    answer,
    by: by.name,
    ...(note === undefined ? {} : { note }),
    ...(data === undefined ? {} : { data }),
  };
  const key = `answer/${id}`;
  if (!(await post(tx, { key, machineId, orderId, kind: 'answer', payload: { ...payload } }))) {
    const [earlier] = await tx.select({ payload: outbox.payload }).from(outbox).where(eq(outbox.key, key));
    const { answer: given, by: giver } = (earlier?.payload ?? {}) as Partial<Answer>;
    return { code: 'conflict', message: `step ${id} was answered already: ${given} by ${giver}` };
  }
  await record(tx, { actor: by, action: 'step.answer', machineId, orderId, detail: { ...payload } });
  return null;
}
