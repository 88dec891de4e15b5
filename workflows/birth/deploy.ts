import type { Report } from '../../contract/machine.ts';
import type { Effects } from '../passage/effects.ts';
import { next, type StepResult } from '../passage/result.ts';
import type { InstallContext } from './facts.ts';

/**
 * Deploy: the agent makes keys, partitions, file systems and the boot loader, writes the image and tells so. Only
 * after the MDB has taken hostname, address, image and boot state in one transaction is it told to hand over.
 */
export async function deploy(context: InstallContext, effects: Effects): Promise<StepResult> {
  const { facts } = context;
  for (;;) {
    context.waitsOn('agent');
    const received = await context.awaitReport('installed');
    if (received !== 'late' && 'report' in received) {
      const accepted = await effects.birth.acceptInstall();
      if (!('question' in accepted)) {
        facts.readyLimit = accepted.limit;
        facts.mayRestart = accepted.mayRestart;
        return next;
      }
      await effects.ask(accepted.question);
    } else {
      await effects.askRetry(...failure(received, context.limit));
    }
    await effects.birth.directInstall();
  }
}

function failure(received: 'late' | { failed: Report }, limitMs: number): [fault: string, reason: string] {
  if (received === 'late')
    return ['deploy/overdue', `The agent did not finish installing within ${limitMs / 60_000} minutes.`];
  const { step = 'install', message = 'it does not say why' } = received.failed;
  return [`deploy/${step}`, `The agent failed at ${step}: ${message}`];
}
