/** Which answers a question takes, and from whom. */

import { checkData, matchesChoice } from './answers.ts';
import type { AnswerSchema } from './question.ts';
import type { Refused } from './refused.ts';

export interface AnswerSpec {
  readonly step: string;
  readonly answer: string;
  readonly note?: string | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

interface Question {
  readonly id: string;
  readonly answeredAt: Date | null;
  readonly answer: string | null;
  readonly answeredBy: string | null;
  readonly roles: readonly string[];
  readonly choices: readonly string[];
  readonly schema: AnswerSchema | null;
}

/** Why an answer is not taken; null where nothing of it speaks against it. */
export function refuseAnswer(
  question: Question,
  { role }: { readonly role: string },
  spec: AnswerSpec,
): Refused | null {
  const { id, answeredAt, answer, answeredBy, roles, choices, schema } = question;
  if (answeredAt !== null)
    return { code: 'conflict', message: `step ${id} was answered already: ${answer} by ${answeredBy}` };
  if (role === 'viewer' || !roles.includes(role))
    return { code: 'forbidden', message: `step ${id} is for ${roles.join(' or ')} to answer, and not for a ${role}` };
  if (!matchesChoice(spec.answer, choices)) {
    const message = `${JSON.stringify(spec.answer)} is not an answer to this step; it takes: ${choices.join(', ')}`;
    return { code: 'invalid', message, field: 'answer' };
  }
  const problem = checkData(schema, spec.data);
  return problem === null ? null : { code: 'invalid', message: problem, field: 'data' };
}
