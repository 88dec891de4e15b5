/** What is typed into fields, and what that tells. Pure. */
import type { AnswerSchema } from '../../domain/question.ts';

/** What stands in the fields, by name; of a box that is ticked, `true`. */
export type AnswerTexts = Readonly<Record<string, string>>;

/** What the fields tell, as the schema has it; undefined where nothing is asked. What is empty is left out. */
export function readFields(schema: AnswerSchema | null, texts: AnswerTexts): Record<string, unknown> | undefined {
  if (schema === null) return undefined;
  const told: [string, unknown][] = [];
  for (const [name, field] of Object.entries(schema.properties)) {
    const text = texts[`data.${name}`]?.trim() ?? '';
    if (field.type === 'boolean') told.push([name, text === 'true']);
    else if (text !== '') told.push([name, field.type === 'string' ? text : Number(text)]);
  }
  return Object.fromEntries(told);
}
