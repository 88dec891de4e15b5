import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import { requestOf } from '../../contract/requests.ts';
import { drainPlan, drain as empty } from '../outage/drain.ts';
import { leaveService } from '../outage/leave.ts';
import { takePermit } from '../outage/permit.ts';
import { spared } from '../passage/outcome.ts';
import { outageActivities } from '../proxies.ts';
import { serviceCourse } from './courses.ts';
import { giveBack, inProduction, serve } from './serve.ts';

/** Start draining: production → draining, until it is empty. It stays there, or goes to a person, until somebody says more. */
export function drain(input: PassageInput): Promise<PassageSummary> {
  return serve(input, serviceCourse('drain', ['drain']), async (run, begun) => {
    const refused = inProduction(begun);
    if (refused) return refused;
    const request = requestOf('drain', begun.request);

    const unpermitted = await takePermit(run, 'drain', 'drain', request.semaphores.drain);
    if (unpermitted) return unpermitted;
    const treatment = await leaveService(run, 'drain', 'draining');
    if ('outcome' in treatment) return treatment.outcome;
    const drained = await empty(run, 'drain', drainPlan(treatment, request.drainBy));
    if (typeof drained === 'object') return giveBack(run, 'drain', treatment, drained.outcome, request.flow);
    if (drained === 'skipped') return giveBack(run, 'drain', treatment, spared, request.flow);

    if (request.afterDrain === 'intervention' && !run.plans('drain', 'hand it to a person'))
      run.state = await outageActivities.moveMachine({ ...run.errand, opState: 'intervention' });
    return { to: 'end', state: 'done', note: `${drained}, and now ${request.afterDrain}` };
  });
}
