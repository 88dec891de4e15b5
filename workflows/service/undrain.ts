import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import type { BegunPassage } from '../../contract/past.ts';
import { requestOf } from '../../domain/requests.ts';
import { giveBack } from '../outage/back.ts';
import { enterRestore, restore } from '../outage/restore.ts';
import { type Outcome, refuse } from '../passage/outcome.ts';
import { serviceCourse } from './courses.ts';
import { operatorOf, serve } from './serve.ts';

/**
 * Stop draining, or bring back what stands aside: to restore, and from there to production once it is healthy. A
 * machine in intervention comes back by this too, which is the operator's word (I→RES).
 */
export function undrain(input: PassageInput): Promise<PassageSummary> {
  return serve(input, serviceCourse('undrain', ['restore']), async (run, begun) => {
    const request = requestOf('undrain', begun.request);
    const { stage, opState } = begun;
    // Its drain was stopped by this very order, or had ended before.
    if (stage === 'in_service' && opState === 'production' && request.to === 'production') {
      const moved = begun.past !== undefined && begun.past.from !== 'production';
      return {
        to: 'end',
        state: 'done',
        note: moved ? 'back in production' : 'in production already: nothing was done',
      };
    }
    if (!standsAside(begun) || (opState === 'production' && stage === 'in_service')) {
      return refuse(`the machine is ${opState}, stage ${stage}`);
    }
    // Begun again, it is on its way already.
    const ways =
      request.flow === 'basic' && !run.recall.again
        ? request.to === 'production'
          ? ['draining', 'disabled']
          : ['disabled']
        : null;
    if (ways !== null && !ways.includes(opState))
      return refuse(`the basic flow has no edge from ${opState} to restore`);
    run.restorer = operatorOf(begun);
    if (opState === 'intervention' && run.restorer === null)
      return refuse('the machine is in intervention, and only a person brings it back from there');
    const treatment = await run.looks.outage.readTreatment(run.errand);
    if (request.to === 'disabled') {
      if (!run.plans('restore', 'stop draining and leave it out of production')) await enterRestore(run, request.flow);
      return { to: 'end', state: 'done', note: 'out of production, in restore' };
    }
    const back: Outcome = { to: 'end', state: 'done', note: 'back in production' };
    // The basic flow has no edge from draining to restore.
    if (request.flow === 'basic' && opState === 'draining') return giveBack(run, 'restore', treatment, back, 'basic');
    const healthy = await restore(run, 'restore', treatment, request.flow);
    if (healthy !== 'healthy') return healthy.outcome;
    return giveBack(run, 'restore', treatment, back, request.flow);
  });
}

/** Installed, and out of production: by a drain, or left there by a maintenance, repair or reboot that ended on its way. */
function standsAside({ stage, bootState }: BegunPassage): boolean {
  return stage === 'in_service' || (bootState === 'healthy' && (stage === 'maintenance' || stage === 'repair'));
}
