import type { Held } from '../../domain/question.ts';
import type { BirthRun } from './run.ts';

/** A controller that lets nobody in before its account has a new password is given one, once a birth (quirk 18). */
export async function change(run: BirthRun, held: Held): Promise<Held | 'changed'> {
  if (held.fault !== 'configure/password-change' || run.passwordChanged) return held;
  run.passwordChanged = true;
  const changed = await run.act('rotate-password');
  if (changed.state === 'done') return 'changed';
  return changed.refused ?? unsettled('give its account a new password', changed.observed);
}

export function unsettled(what: string, observed: string): Held {
  return {
    fault: 'configure/unsettled',
    reason: `Farrier asked the controller once to ${what} and does not ask again: ${observed}`,
    choices: ['retry', 'skip', 'abandon'],
  };
}
