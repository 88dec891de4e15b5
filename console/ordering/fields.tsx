import { useId } from 'react';
import type { Passage } from '../../domain/machine.ts';
import { Field, SchemaFields } from '../inbox/fields.tsx';
import type { AnswerTexts } from '../inbox/texts.ts';
import { type OrderForm, orderForms, urgencies } from './passages.ts';

/** What somebody is about to order. */
export interface Wish {
  readonly passage: Passage;
  readonly texts: AnswerTexts;
  readonly reason: string;
  /** Empty: as is usual for the passage. */
  readonly urgency: string;
}

export function wishFor(passage: Passage): Wish {
  const { texts = {} }: OrderForm = orderForms[passage];
  return { passage, texts, reason: '', urgency: '' };
}

interface WishFieldsSpec {
  readonly wish: Wish;
  /** What may be chosen here. */
  readonly passages: readonly Passage[];
  readonly onChange: (wish: Wish) => void;
}

/** Which passage, what it is asked, how urgent it is, and why. */
export function WishFields({ wish, passages, onChange }: WishFieldsSpec) {
  const id = useId();
  const { passage, texts, reason, urgency } = wish;
  const { schema, means }: OrderForm = orderForms[passage];
  return (
    <div className="answer-fields">
      <label htmlFor={id}>Passage</label>
      <select
        id={id}
        value={passage}
        aria-describedby={`${id}-means`}
        onChange={({ target }) => onChange({ ...wishFor(target.value as Passage), reason, urgency })}
      >
        {passages.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <p id={`${id}-means`} className="quiet">
        {means}
      </p>
      <SchemaFields schema={schema} texts={texts} onChange={(next) => onChange({ ...wish, texts: next })} />
      <Field
        title="How urgent (as usual unless chosen)"
        field={{ type: 'string', enum: urgencies }}
        isRequired={false}
        text={urgency}
        onChange={(next) => onChange({ ...wish, urgency: next })}
      />
      <Field
        title="Why (for the audit)"
        field={{ type: 'string', maxLength: 500 }}
        isRequired
        text={reason}
        onChange={(next) => onChange({ ...wish, reason: next })}
      />
    </div>
  );
}
