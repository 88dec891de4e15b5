import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import { requestOf } from '../../domain/requests.ts';
import { depart } from '../outage/depart.ts';
import { moveTo } from '../outage/move.ts';
import { refuse } from '../passage/outcome.ts';
import { serviceCourse } from './courses.ts';
import { inProduction, serve } from './serve.ts';

/** Start draining: production → draining, until it is empty. It stays there, or goes to a person, until somebody says more. */
export function drain(input: PassageInput): Promise<PassageSummary> {
  return serve(input, serviceCourse('drain', ['drain']), async (run, begun) => {
    const refused = inProduction(begun);
    if (refused) return refused;
    const { flow, semaphores, drainBy, afterDrain } = requestOf('drain', begun.request);
    if (begun.past && begun.past.from !== 'intervention' && begun.opState === 'intervention')
      return { to: 'end', state: 'done', note: `drained, and now ${afterDrain}` };
    if (flow === 'basic' && afterDrain === 'intervention') return refuse('the basic flow has no edge to intervention');

    const departed = await depart(run, 'drain', { semaphores, drainBy, flow, down: false });
    if ('outcome' in departed) return departed.outcome;

    if (afterDrain === 'intervention' && !run.plans('drain', 'hand it to a person'))
      await moveTo(run, 'intervention', flow, 'drained for a person');
    return { to: 'end', state: 'done', note: `${departed.emptied}, and now ${afterDrain}` };
  });
}
