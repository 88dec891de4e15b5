import type { Held } from '../../domain/question.ts';
import type { Effects } from '../passage/effects.ts';
import type { BirthContext } from './facts.ts';

/** A controller that lets nobody in before its account has a new password is given one, once a birth (quirk 18). */
export async function change({ facts }: BirthContext, effects: Effects, held: Held): Promise<Held | 'changed'> {
  if (held.fault !== 'configure/password-change' || facts.passwordChanged) return held;
  facts.passwordChanged = true;
  const changed = await effects.act('rotate-password');
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
