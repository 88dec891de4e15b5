import { condition } from '@temporalio/workflow';
import type { Treatment } from '../../contract/outage.ts';
import type { Flow } from '../../domain/requests.ts';
import type { Outcome } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { moveTo } from './move.ts';
import { look } from './power.ts';

const minute = 60_000;

/**
 * Checks that the machine is healthy before it goes back, and again while it is not. The basic flow tries for ever, and
 * asks nobody (RES→RES); the orchestrated one leaves it to a person after its tries (RES→I), whose word brings it back
 * to be checked anew (I→RES).
 */
export async function restore<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  treatment: Treatment,
  flow: Flow,
): Promise<{ readonly outcome: Outcome } | 'healthy'> {
  if (run.plans(step, 'check its health, and again while it fails')) return 'healthy';
  run.gate.turnBack();
  if (run.recall.again && run.state.opState === 'intervention' && run.stopper === null) {
    const asked = await intervene(run, step, 'It was handed to a person, and its workflow was lost since');
    if (asked !== 'restore') return asked;
  }
  await enterRestore(run, flow);
  for (let failed = 0; ; ) {
    const health = await look(run, null);
    if (health.healthy) return 'healthy';
    failed += 1;
    if (flow === 'orchestrated' && failed > treatment.healthRetries) {
      const asked = await intervene(run, step, `Its health check failed ${failed} times: ${health.seen}`);
      if (asked !== 'restore') return asked;
      failed = 0;
      continue;
    }
    const pause = pauseAfter(failed);
    run.stand(step, 'time', pause, `Health check ${failed} failed: ${health.seen}`);
    // What is well goes back, cancelled or not; past its tries it is waited for no longer than somebody wants it.
    const mayEnd = failed > treatment.healthRetries;
    if (await condition(() => mayEnd && run.desk.cancelled !== null, pause)) return { outcome: run.cancelled() };
  }
}

// For ever is longer than a history: what is sick for a day is looked at every hour.
function pauseAfter(failed: number): number {
  if (failed < 30) return minute;
  return failed < 150 ? 10 * minute : 60 * minute;
}

/** To restore, by whatever leads there from where the machine stands; by an operator's word where that is what it takes. */
export async function enterRestore(run: PassageRun<string>, flow: Flow): Promise<void> {
  const { stopper } = run;
  const by = stopper === null ? {} : { by: stopper };
  const { opState } = run.state;
  if (opState === 'hard_reboot') await moveTo(run, 'disabled', flow, 'booted');
  if (opState === 'draining') await moveTo(run, 'disabled', flow, stopper === null ? 'called off' : 'restore', by);
  if (opState === 'intervention') await moveTo(run, 'disabled', flow, 'operator', by);
}

/** Hands the machine to a person; without an answer it stays there. */
export async function intervene<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  reason: string,
): Promise<{ readonly outcome: Outcome } | 'restore'> {
  const why = run.state.opState === 'hard_reboot' ? 'reboot time-out' : 'checks used up';
  await moveTo(run, 'intervention', 'orchestrated', why);
  const ruling = await run.ask(step, {
    fault: `${step}/intervention`,
    reason: `${reason}. Mend it and answer "restore"; "abandon" leaves it in intervention.`,
    choices: ['restore', 'abandon'],
  });
  if ('outcome' in ruling) return ruling;
  await moveTo(run, 'disabled', 'orchestrated', 'operator', { by: ruling.by });
  return 'restore';
}
