/**
 * Reads messages that anybody with the stock CLI may have sent. A message that isn't what it should be yields a
 * sentence and is ignored: throwing would wedge the workflow. By hand, because zod stays outside the sandbox.
 */

import {
  type Answer,
  type Cancel,
  type HumanQuestion,
  type OrderMessage,
  type Report,
  reportKinds,
  type Steering,
} from '../contract/machine.ts';
import { checkData, matchesChoice } from '../domain/answers.ts';
import { orderClasses, passages } from '../domain/machine.ts';

const max = 2000;

export function isObject(message: unknown): message is Record<string, unknown> {
  return typeof message === 'object' && message !== null && !Array.isArray(message);
}

/** Text that the MDB and Temporal can keep: neither takes a NUL or half a character. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= max && !unfit.test(value);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what PostgreSQL refuses
const unfit = /[\u0000\ud800-\udfff]/u;

/** As orders are named: part of a workflow's id, and of a path. */
const orderName = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/;

export function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}

export function readReport(message: unknown): Report | string {
  if (!isObject(message)) return 'not an object';
  const { id, kind, nonce, step, message: text } = message;
  if (!isText(id)) return 'id is missing';
  if (!isOneOf(reportKinds, kind)) return `kind is not one of ${reportKinds.join(', ')}`;
  if (typeof nonce !== 'string') return 'nonce is missing';
  return { id, kind, nonce, ...(isText(step) && { step }), ...(isText(text) && { message: text }) };
}

/** The answer, or why it is none: it must name the open question and be one of its choices. */
export function readAnswer(message: unknown, question: HumanQuestion | null): Answer | string {
  if (!isObject(message)) return 'not an object like {"step": …, "answer": …, "by": …}';
  const { step, answer, by, note, data } = message;
  if (!isText(step) || !isText(answer) || !isText(by)) return 'step, answer and by must be non-empty strings';
  if (question === null) return `nothing is asked at present; ${step} was answered by ${by}`;
  if (step !== question.id) return `${step} is not the open question ${question.id}`;
  if (!matchesChoice(answer, question.choices)) return `${answer} is not one of ${question.choices.join(', ')}`;
  if (isUnfit(data)) return 'data holds a character that cannot be kept';
  const problem = checkData(question.schema ?? null, data);
  if (problem !== null) return problem;
  return { step, answer, by, ...(isText(note) && { note }), ...(isObject(data) && { data }) };
}

function isUnfit(data: unknown): boolean {
  if (typeof data === 'string') return unfit.test(data);
  if (typeof data !== 'object' || data === null) return false;
  return Object.entries(data).some(([name, value]) => unfit.test(name) || isUnfit(value));
}

/** A message as it may be kept: text of a bounded length. */
export function shortened(message: unknown): string {
  return (JSON.stringify(message) ?? 'nothing').slice(0, max);
}

const badName =
  'id must be a non-empty string without a slash: up to 200 letters, digits, dots, dashes, colons or underscores';

export function readOrder(message: unknown): OrderMessage | string {
  if (!isObject(message)) return 'not an object like {"id": …, "passage": …}';
  const { id, passage, class: urgency, notBefore, deadline, again } = message;
  if (typeof id !== 'string' || !orderName.test(id)) return badName;
  if (!isOneOf(passages, passage)) return `passage is not one of ${passages.join(', ')}`;
  if (urgency !== undefined && !isOneOf(orderClasses, urgency)) return `class is not one of ${orderClasses.join(', ')}`;
  if (notBefore !== undefined && !isTime(notBefore)) return 'notBefore is not a time like 2026-11-21T09:00:00Z';
  if (deadline !== undefined && !isTime(deadline)) return 'deadline is not a time like 2026-11-21T09:00:00Z';
  return {
    id,
    passage,
    ...(urgency !== undefined && { class: urgency }),
    ...(notBefore !== undefined && { notBefore }),
    ...(deadline !== undefined && { deadline }),
    ...(again === true && { again }),
  };
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) && Number.isFinite(Date.parse(value));
}

/** A passage that is told itself knows which order is meant. */
export function readCancel(message: unknown, orderId: string): Cancel | string {
  if (!isObject(message)) return 'not an object like {"orderId": …, "by": …, "reason": …}';
  const read = readSteering({ ...message, orderId: isText(message['orderId']) ? message['orderId'] : orderId });
  if (typeof read === 'string') return read;
  if (read.orderId !== orderId) return `${read.orderId} is not the order ${orderId}`;
  const { class: actor } = message;
  return { ...read, ...((actor === 'system' || actor === 'node') && { class: actor }) };
}

/** Which order a message is about, by whom and why; a sentence when it can't be read. */
export function readSteering(message: unknown): Steering | string {
  if (!isObject(message)) return 'not an object like {"orderId": …, "by": …, "reason": …}';
  const { orderId, by, reason } = message;
  if (!isText(orderId)) return 'orderId must be a non-empty string';
  return { orderId, by: isText(by) ? by : 'somebody', reason: isText(reason) ? reason : 'no reason was given' };
}
