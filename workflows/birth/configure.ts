import { ActivityFailure } from '@temporalio/workflow';
import type { ConfigureResult, ControllerResult } from '../../contract/birth.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import type { Effects } from '../passage/effects.ts';
import { rootMessage } from '../passage/failure.ts';
import { BootedAnew, next, type StepResult } from '../passage/result.ts';
import type { BirthContext } from './facts.ts';
import { change, unsettled } from './password.ts';

/**
 * Configure BIOS and firmware: the controller is who it should be, and its settings are those of the profile. A
 * machine without a known controller has nothing to configure. Settings that differ are set once and applied by a
 * restart, after which the machine comes by here again to be verified.
 */
export async function configure(context: BirthContext, effects: Effects): Promise<StepResult> {
  if (!context.controller) return next;
  context.waitsOn('hardware');
  for (;;) {
    const result = await check(effects);
    const question =
      'question' in result ? await change(context, effects, result.question) : await set(context, effects, result);
    if (question === null) return next;
    if (question === 'changed') continue;
    if (question === 'restarted') {
      await returned(context, effects);
      continue;
    }
    if ((await effects.ask(question)).answer === 'skip') return next;
  }
}

async function check(effects: Effects): Promise<ControllerResult> {
  try {
    return await effects.look.hardware.checkController();
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return {
      question: { fault: 'configure/controller', reason: rootMessage(error), choices: ['retry', 'skip', 'abandon'] },
    };
  }
}

/** Null where nothing is to be set. */
async function set(
  context: BirthContext,
  effects: Effects,
  { state, differing, job }: ConfigureResult,
): Promise<OperatorQuestion | 'restarted' | null> {
  if (state !== 'differ') return null;
  const names = differing.join(', ');
  // Accepted but not applied is an outcome of its own (quirk 51): settings are written once a birth.
  if (context.facts.biosWritten || !context.mayPower) {
    return {
      fault: 'configure/not-applied',
      reason: `These BIOS settings still differ from the profile after they were set and the machine was restarted: ${names}${job === undefined ? '' : `; the controller still has a job for them: ${job}`}`,
      choices: ['retry', 'skip', 'abandon'],
    };
  }
  context.facts.biosWritten = true;
  const written = await effects.act('set-bios');
  if (written.state !== 'done') return written.refused ?? unsettled('set the BIOS', written.observed);
  const restart = await effects.act('boot-network');
  return restart.state === 'done'
    ? 'restarted'
    : (restart.refused ?? unsettled('restart the machine', restart.observed));
}

/** After the restart the machine boots the network again and tells its inventory; the step begins anew with it. */
async function returned(context: BirthContext, effects: Effects): Promise<void> {
  context.waitsOn('agent');
  const received = await context.awaitReport('inventory');
  if (received !== 'late' && 'report' in received) throw new BootedAnew(received.report);
  await effects.askRetry(
    'configure/gone',
    'The machine was restarted to apply its BIOS settings and did not come back.',
  );
}
