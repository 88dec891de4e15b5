import { next, type Outcome } from '../passage/outcome.ts';
import type { BirthRun } from './run.ts';

/**
 * Register: which machine is it, where does it stand, what is it called, may its disks be written. Whatever can't
 * be told for certain is held for a person; nothing is guessed.
 */
export async function register(run: BirthRun): Promise<Outcome> {
  let ruling: { answer: string; by: string } | undefined;
  for (;;) {
    const result = await run.effects.birth.register({
      ...run.errand,
      next: run.start('configure'),
      ...(ruling && { ruling }),
    });
    if ('registered' in result) {
      const { hostname, rack, pool, sku, controller } = result.registered;
      Object.assign(run, { hostname, controller });
      run.state = { ...run.state, stage: 'registered', rack, pool, sku };
      return next;
    }
    const answer = await run.ask('register', result.held);
    if ('outcome' in answer) return answer.outcome;
    ruling = answer;
  }
}
