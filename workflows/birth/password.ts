import type { OperatorQuestion } from '../../domain/question.ts';
import type { Effects } from '../passage/effects.ts';
import type { BirthContext } from './facts.ts';

/** A controller that lets nobody in before its account has a new password is given one, once a birth (quirk 18). */
export async function change(
  { facts }: BirthContext,
  effects: Effects,
  question: OperatorQuestion,
): Promise<OperatorQuestion | 'changed'> {
  if (question.fault !== 'configure/password-change' || facts.passwordChanged) return question;
  facts.passwordChanged = true;
  const changed = await effects.act('rotate-password');
  if (changed.state === 'done') return 'changed';
  return changed.refused ?? unsettled('give its account a new password', changed.observed);
}

export function unsettled(what: string, observed: string): OperatorQuestion {
  return {
    fault: 'configure/unsettled',
    reason: `Farrier asked the controller once to ${what} and does not ask again: ${observed}`,
    choices: ['retry', 'skip', 'abandon'],
  };
}
