import { condition } from '@temporalio/workflow';
import type { Treatment } from '../../contract/outage.ts';
import type { Flow } from '../../contract/requests.ts';
import type { Outcome } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { outageActivities } from '../proxies.ts';
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
  run.state = await outageActivities.moveMachine({ ...run.errand, opState: 'disabled' });
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
    run.stand(step, 'time', minute, `Health check ${failed} failed: ${health.seen}`);
    await condition(() => false, minute);
  }
}

/** Hands the machine to a person; without an answer it stays there. */
export async function intervene<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  reason: string,
): Promise<{ readonly outcome: Outcome } | 'restore'> {
  run.state = await outageActivities.moveMachine({ ...run.errand, opState: 'intervention' });
  const ruling = await run.ask(step, {
    fault: `${step}/intervention`,
    reason: `${reason}. Mend it and answer "restore"; "abandon" leaves it in intervention.`,
    choices: ['restore', 'abandon'],
  });
  if ('outcome' in ruling) return ruling;
  run.state = await outageActivities.moveMachine({ ...run.errand, opState: 'disabled', by: ruling.by });
  return 'restore';
}
