import { useId } from 'react';
import type { AnswerField, AnswerSchema } from '../../domain/question.ts';
import { plainWord } from '../words.ts';
import type { AnswerTexts } from './texts.ts';

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
      {schema !== null && <SchemaFields {...{ schema, texts, onChange }} />}
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

interface SchemaFieldsSpec {
  readonly schema: AnswerSchema;
  readonly texts: AnswerTexts;
  readonly onChange: (texts: AnswerTexts) => void;
}

/** A field for each thing that a schema asks for; what stands in them is under `data.` and its name. */
export function SchemaFields({ schema, texts, onChange }: SchemaFieldsSpec) {
  return Object.entries(schema.properties).map(([name, field]) => (
    <Field
      key={name}
      title={field.description ?? plainWord(name)}
      field={field}
      isRequired={schema.required?.includes(name) === true}
      text={texts[`data.${name}`] ?? ''}
      onChange={(text) => onChange({ ...texts, [`data.${name}`]: text })}
    />
  ));
}

interface FieldSpec {
  readonly title: string;
  readonly field: AnswerField;
  readonly isRequired: boolean;
  readonly text: string;
  readonly onChange: (text: string) => void;
}

/** One thing that is asked for, in the form that fits its type. */
export function Field({ title, field, isRequired, text, onChange }: FieldSpec) {
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
