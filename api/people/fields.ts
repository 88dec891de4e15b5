/** Lists of which only some fields are asked: `fields=id,stage`. */
import { z } from 'zod';
import { ApiError } from './errors.ts';

/** The fields that items of a list have, by the schema of the answer. */
export function fieldsOf(answer: z.ZodType | undefined, list: string): readonly string[] {
  const items = answer instanceof z.ZodObject ? (answer.shape as Record<string, unknown>)[list] : undefined;
  const item = items instanceof z.ZodArray ? items.element : undefined;
  if (!(item instanceof z.ZodObject)) throw new Error(`the answer has no list ${list} of objects`);
  return Object.keys(item.shape);
}

/** The answer with only those fields of each item. Throws ApiError for one that there is not. */
export function pickFields(answer: unknown, list: string, known: readonly string[], wanted: string): unknown {
  const fields = wanted.split(',');
  const other = fields.find((field) => !known.includes(field));
  if (other !== undefined)
    throw new ApiError('invalid', `fields: there is no ${other}: there are ${known.join(', ')}`, 'fields');
  const whole = answer as Record<string, unknown>;
  const items = whole[list] as readonly Record<string, unknown>[];
  return { ...whole, [list]: items.map((item) => Object.fromEntries(fields.map((field) => [field, item[field]]))) };
}
