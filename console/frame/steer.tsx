/** Acts on something that is there: one press says which, and a second one, with the reason, that it is meant. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { ProblemBox } from './problem.tsx';

export interface SteeringAct {
  /** On its button, as an order: `Pause`. */
  readonly title: string;
  /** What comes of it, in a sentence. */
  readonly means: string;
  /** Something that may be asked for besides, by a tick. */
  readonly extra?: string;
  readonly isPrimary?: boolean;
  act(reason: string, extra: boolean): Promise<unknown>;
}

interface SteerSpec {
  /** What is steered, as the confirming button calls it. */
  readonly what: string;
  readonly acts: readonly SteeringAct[];
}

export function Steer({ what, acts }: SteerSpec) {
  const [title, setTitle] = useState<string | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const chosen = acts.find((act) => act.title === title);
  const choose = (act: SteeringAct) => {
    setDone(null);
    setTitle(act.title === title ? null : act.title);
  };
  return (
    <div className="steer">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would be drawn as one. */}
      <div className="choices" role="group" aria-label={`What can be done with ${what}`}>
        {acts.map((act) => (
          <Button
            key={act.title}
            aria-expanded={act.title === title}
            {...(act.isPrimary && { className: 'primary' })}
            onPress={() => choose(act)}
          >
            {act.title}
          </Button>
        ))}
      </div>
      {chosen && (
        <Confirmation
          key={chosen.title}
          what={what}
          act={chosen}
          onDone={() => {
            setTitle(null);
            setDone(`Asked for: ${chosen.title.toLowerCase()}.`);
          }}
          onLeave={() => setTitle(null)}
        />
      )}
      {done !== null && <p role="status">{done}</p>}
    </div>
  );
}

interface ConfirmationSpec {
  readonly what: string;
  readonly act: SteeringAct;
  readonly onDone: () => void;
  readonly onLeave: () => void;
}

function Confirmation({ what, act, onDone, onLeave }: ConfirmationSpec) {
  const id = useId();
  const [reason, setReason] = useState('');
  const [extra, setExtra] = useState(false);
  const queries = useQueryClient();
  const acting = useMutation({
    mutationFn: () => act.act(reason.trim(), extra),
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries({ type: 'active' }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    acting.mutate();
  };
  return (
    <form className="answer-fields" onSubmit={submit}>
      <p>{act.means}</p>
      <label htmlFor={id}>Why (for the audit)</label>
      <input
        id={id}
        required
        maxLength={500}
        autoComplete="off"
        value={reason}
        onChange={({ target }) => setReason(target.value)}
      />
      {act.extra !== undefined && (
        <label className="tick">
          <input type="checkbox" checked={extra} onChange={({ target }) => setExtra(target.checked)} />
          {act.extra}
        </label>
      )}
      <div className="choices">
        <Button type="submit" className="primary" isDisabled={acting.isPending}>
          {`${act.title}: ${what}`}
        </Button>
        <Button onPress={onLeave}>Leave it</Button>
      </div>
      {acting.error !== null && <ProblemBox error={acting.error} />}
    </form>
  );
}
