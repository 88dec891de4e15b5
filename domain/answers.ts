/** Whether an answer fits the question. Pure and without dependencies: workflows judge signals by it too. */
import type { AnswerField, AnswerSchema } from './question.ts';

/** A choice written `place:RACK/UNIT` takes any answer of the form `place:…`. */
export function matchesChoice(answer: string, choices: readonly string[]): boolean {
  return choices.some((choice) => {
    const colon = choice.indexOf(':');
    return colon < 0 ? answer === choice : answer.startsWith(choice.slice(0, colon + 1)) && answer.length > colon + 1;
  });
}

/** Reads the answer `place:A07/12`, or `place:A07/12.3` for one of several machines in a case; null for another form. */
export function readPlace(answer: string): { rack: string; unit: number; slot?: string } | null {
  const match = /^place:([A-Za-z0-9][A-Za-z0-9._-]{0,62})\/(\d{1,2})(?:[./]([A-Za-z0-9]{1,4}))?$/.exec(answer);
  if (!match) return null;
  const [, rack = '', unit, slot] = match;
  return { rack, unit: Number(unit), ...(slot !== undefined && { slot: slot.toUpperCase() }) };
}

/**
 * What closing a question's ticket means when who asked did not say: to try again, or that it is done. Anything else
 * could be a word that nobody gave, such as to wipe a disk.
 */
export function standardOnClose(choices: readonly string[]): string | null {
  return ['retry', 'done', 'restore'].find((choice) => choices.includes(choice)) ?? null;
}

/** Why what an answer tells is not what the question wants; null when it is. */
export function checkData(schema: AnswerSchema | null, data: unknown): string | null {
  if (schema === null) return data === undefined ? null : 'this question takes no data';
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return (schema.required ?? []).length === 0 && data === undefined ? null : 'data is not an object';
  const given = data as Record<string, unknown>;
  const missing = (schema.required ?? []).find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined) return `data.${missing} is missing`;
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    const problem = field === undefined ? 'is not asked for' : checkField(field, value);
    if (problem !== null) return `data.${name} ${problem}`;
  }
  return null;
}

const max = 500;

function checkField(field: AnswerField, value: unknown): string | null {
  if (typeof value !== (field.type === 'integer' ? 'number' : field.type)) return `is not a ${field.type}`;
  if (typeof value === 'number') return checkNumber(field, value);
  if (typeof value !== 'string') return null;
  if (value.length > (field.maxLength ?? max)) return `is longer than ${field.maxLength ?? max} characters`;
  if (field.enum && !field.enum.includes(value)) return `is not one of ${field.enum.join(', ')}`;
  if (field.pattern !== undefined && !new RegExp(`^(?:${field.pattern})$`, 'u').test(value))
    return `is not of the form ${field.pattern}`;
  return null;
}

function checkNumber(field: AnswerField, value: number): string | null {
  if (!Number.isFinite(value)) return 'is no number';
  if (field.type === 'integer' && !Number.isInteger(value)) return 'is not a whole number';
  if (field.enum && !field.enum.includes(value)) return `is not one of ${field.enum.join(', ')}`;
  if (field.minimum !== undefined && value < field.minimum) return `is less than ${field.minimum}`;
  if (field.maximum !== undefined && value > field.maximum) return `is more than ${field.maximum}`;
  return null;
}
