import { ActivityFailure } from '@temporalio/workflow';
import type { ConfigureResult, ControllerResult } from '../../contract/birth.ts';
import type { Held } from '../../domain/question.ts';
import { rootMessage } from '../passage/failure.ts';
import { next, type Outcome } from '../passage/outcome.ts';

import { limits } from './limits.ts';
import { change, unsettled } from './password.ts';
import type { BirthRun } from './run.ts';

/**
 * Configure BIOS and firmware: the controller is who it should be, and its settings are those of the profile. A
 * machine without a known controller has nothing to configure. Settings that differ are set once and applied by a
 * restart, after which the machine comes by here again to be verified.
 */
export async function configure(run: BirthRun): Promise<Outcome> {
  if (!run.controller) return next;
  run.stand('configure', 'hardware');
  for (;;) {
    const result = await check(run);
    const held = 'held' in result ? await change(run, result.held) : await settings(run, result);
    if (held === null) return next;
    if (held === 'changed') continue;
    if (held === 'restarted') {
      const outcome = await returned(run);
      if (outcome !== 'retry') return outcome;
      continue;
    }
    const ruling = await run.ask('configure', held);
    if ('outcome' in ruling) return ruling.outcome;
    if (ruling.answer === 'skip') return next;
  }
}

async function check(run: BirthRun): Promise<ControllerResult> {
  try {
    return await run.looks.hardware.checkController(run.errand);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return {
      held: { fault: 'configure/controller', reason: rootMessage(error), choices: ['retry', 'skip', 'abandon'] },
    };
  }
}

async function settings(run: BirthRun, { state, differing, job }: ConfigureResult): Promise<Held | 'restarted' | null> {
  return state === 'differ' ? apply(run, differing, job) : null;
}

async function apply(run: BirthRun, differing: readonly string[], job?: string): Promise<Held | 'restarted'> {
  const names = differing.join(', ');
  // Accepted but not applied is an outcome of its own (quirk 51): settings are written once a birth.
  if (run.biosWritten || !run.mayPower) {
    return {
      fault: 'configure/not-applied',
      reason: `These BIOS settings still differ from the profile after they were set and the machine was restarted: ${names}${job === undefined ? '' : `; the controller still has a job for them: ${job}`}`,
      choices: ['retry', 'skip', 'abandon'],
    };
  }
  run.biosWritten = true;
  const set = await run.act('set-bios');
  if (set.state !== 'done') return set.refused ?? unsettled('set the BIOS', set.observed);
  const restart = await run.act('boot-network');
  return restart.state === 'done'
    ? 'restarted'
    : (restart.refused ?? unsettled('restart the machine', restart.observed));
}

/** After the restart the machine boots the network again and tells its inventory. */
async function returned(run: BirthRun): Promise<Outcome | 'retry'> {
  run.stand('configure', 'agent');
  const heard = await run.desk.await('inventory', limits.configure);
  if (heard === 'cancelled') return run.cancelled();
  if (heard === 'late' || 'failed' in heard) {
    return run.askRetry(
      'configure',
      'configure/gone',
      'The machine was restarted to apply its BIOS settings and did not come back.',
    );
  }
  return run.reboot('report' in heard ? heard.report : heard.rebooted, 'configure');
}
