import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { ToggleButton } from 'react-aria-components/ToggleButton';
import { ToggleButtonGroup } from 'react-aria-components/ToggleButtonGroup';
import type { HumanStepView } from '../../contract/api.ts';
import { checkData } from '../../domain/answers.ts';
import type { AnswerSchema } from '../../domain/question.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { answerQuestion } from '../client.ts';
import { useNow } from '../frame/now.ts';
import { ProblemBox } from '../frame/problem.tsx';
import { formatAgo } from '../time.ts';
import { plainWord, shownName } from '../words.ts';
import { AnswerFields } from './fields.tsx';
import { type AnswerTexts, readFields } from './texts.ts';

/** One question to a person, and its answer in two clicks: which, and that it is meant. */
export function Question({ question }: { readonly question: HumanStepView }) {
  const { id, machineId, hostname, step, owner, openedAt, deadlineAt, escalatedTo } = question;
  const heading = useId();
  const nowMs = useNow(10_000);
  const isLate = deadlineAt !== null && Date.parse(deadlineAt) < nowMs;
  return (
    <article className={isLate ? 'question late' : 'question'} aria-labelledby={heading}>
      <h3 id={heading}>{question.question}</h3>
      <p className="quiet">
        <PageLink href={machineAddress(machineId)}>{shownName({ id: machineId, hostname })}</PageLink>,{' '}
        {plainWord(step)}, for {owner}, asked {formatAgo(openedAt, nowMs)}
        {deadlineAt !== null && `, ${isLate ? 'was wanted' : 'wanted'} ${formatAgo(deadlineAt, nowMs)}`}
        {escalatedTo !== null && `, told to ${escalatedTo}`}
      </p>
      <AnswerForm key={id} question={question} />
    </article>
  );
}

function AnswerForm({ question }: { readonly question: HumanStepView }) {
  const { id, choices } = question;
  const schema = question.schema as AnswerSchema | null;
  const [choice, setChoice] = useState<string | null>(null);
  const [texts, setTexts] = useState<AnswerTexts>({});
  const [wrong, setWrong] = useState<string | null>(null);
  const queries = useQueryClient();
  const answering = useMutation({
    mutationFn: (answer: { answer: string; note?: string; data?: object }) => answerQuestion(id, answer),
    onSettled: () => queries.invalidateQueries({ queryKey: ['questions'] }),
  });
  if (answering.isSuccess) return <p role="status">{`Answered: ${answering.variables.answer}.`}</p>;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (choice === null) return;
    const data = readFields(schema, texts);
    const place = texts['place']?.trim() ?? '';
    const problem = placeOf(choice) !== null && place === '' ? 'place is missing' : checkData(schema, data);
    setWrong(problem);
    if (problem !== null) return;
    const note = texts['note']?.trim() ?? '';
    answering.mutate({
      answer: placeOf(choice) !== null ? `place:${place}` : choice,
      ...(note !== '' && { note }),
      ...(data !== undefined && { data }),
    });
  };
  return (
    <form onSubmit={submit}>
      <ToggleButtonGroup
        className="choices"
        aria-label="Answers"
        selectedKeys={choice === null ? [] : [choice]}
        onSelectionChange={(keys) => setChoice(([...keys][0] as string | undefined) ?? null)}
      >
        {choices.map((one) => (
          <ToggleButton key={one} id={one}>
            {plainWord(one)}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {choice !== null && (
        <>
          <AnswerFields {...{ schema, texts }} place={placeOf(choice)} onChange={setTexts} />
          {wrong !== null && <p role="alert">{wrong}</p>}
          <Button type="submit" className="primary" isDisabled={answering.isPending}>
            {`Answer: ${plainWord(choice)}`}
          </Button>
        </>
      )}
      {answering.error !== null && <ProblemBox error={answering.error} />}
    </form>
  );
}

/** `place:RACK/UNIT` among the choices asks where it is, in that form. */
const placeOf = (choice: string) => (choice.startsWith('place:') ? choice.slice('place:'.length) : null);
