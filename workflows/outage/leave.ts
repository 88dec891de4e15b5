import { condition } from '@temporalio/workflow';
import type { Treatment } from '../../contract/outage.ts';
import type { Outcome } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';

const askAgain = 60_000;

/**
 * Takes the machine out of production as soon as its owners' capacity allows it: asked again each minute, for as long
 * as it takes. Ends with a cancel, while nothing has happened yet.
 */
export async function leaveService<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  to: 'draining' | 'disabled',
): Promise<Treatment | { readonly outcome: Outcome }> {
  for (;;) {
    const left = await run.effects.outage.leaveService({ ...run.errand, to, dryRun: run.dry });
    if (run.dry && !left.left) run.plans(step, `wait until it may leave: ${left.reason}`);
    if (left.left || run.dry) {
      run.plans(step, `take it out of production (${to})`);
      run.state = left.state;
      return left.treatment;
    }
    run.stand(step, 'capacity', null, left.reason);
    if (await condition(() => run.desk.cancelled !== null, askAgain)) return { outcome: run.cancelled() };
  }
}
