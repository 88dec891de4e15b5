import { useId } from 'react';
import type { AnswerField, AnswerSchema } from '../../domain/question.ts';
import { plainWord } from '../words.ts';

/** What stands in the fields, by name; of a box that is ticked, `true`. */
export type AnswerTexts = Readonly<Record<string, string>>;

interface AnswerFieldsSpec {
  readonly schema: AnswerSchema | null;
  readonly texts: AnswerTexts;
  /** In which form a place is asked for; null where none is. */
  readonly place: string | null;
  readonly onChange: (texts: AnswerTexts) => void;
}

/** What an answer tells besides its choice: a field for each thing, of its type. */
export function AnswerFields({ schema, texts, place, onChange }: AnswerFieldsSpec) {
  const set = (name: string) => (text: string) => onChange({ ...texts, [name]: text });
  const fields = Object.entries(schema?.properties ?? {});
  return (
    <div className="answer-fields">
      {place !== null && (
        <Field
          title={`Place, as ${place}`}
          field={{ type: 'string', maxLength: 70 }}
          isRequired
          text={texts['place'] ?? ''}
          onChange={set('place')}
        />
      )}
      {fields.map(([name, field]) => (
        <Field
          key={name}
          title={field.description ?? plainWord(name)}
          field={field}
          isRequired={schema?.required?.includes(name) === true}
          text={texts[`data.${name}`] ?? ''}
          onChange={set(`data.${name}`)}
        />
      ))}
      <Field
        title="Note (may be left out)"
        field={{ type: 'string', maxLength: 500 }}
        isRequired={false}
        text={texts['note'] ?? ''}
        onChange={set('note')}
      />
    </div>
  );
}

interface FieldSpec {
  readonly title: string;
  readonly field: AnswerField;
  readonly isRequired: boolean;
  readonly text: string;
  readonly onChange: (text: string) => void;
}

function Field({ title, field, isRequired, text, onChange }: FieldSpec) {
  const id = useId();
  if (field.type === 'boolean')
    return (
      <label className="tick">
        <input type="checkbox" checked={text === 'true'} onChange={({ target }) => onChange(String(target.checked))} />
        {title}
      </label>
    );
  const common = { id, required: isRequired, value: text };
  return (
    <>
      <label htmlFor={id}>{title}</label>
      {field.enum === undefined ? (
        <input
          {...common}
          onChange={({ target }) => onChange(target.value)}
          inputMode={field.type === 'integer' ? 'numeric' : field.type === 'number' ? 'decimal' : 'text'}
          maxLength={field.maxLength}
          autoComplete="off"
        />
      ) : (
        <select {...common} onChange={({ target }) => onChange(target.value)}>
          <option value="">choose</option>
          {field.enum.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
    </>
  );
}

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
