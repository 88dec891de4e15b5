import type { Report } from '../../contract/machine.ts';
import type { InstallRun } from '../passage/install.ts';
import { next, type Outcome } from '../passage/outcome.ts';

/**
 * Deploy: the agent makes keys, partitions, file systems and the boot loader, writes the image and tells so. Only
 * after the MDB has taken hostname, address, image and boot state in one transaction is it told to hand over.
 */
export async function deploy<Step extends string>(run: InstallRun<Step>): Promise<Outcome> {
  const { limits } = run.course;
  for (;;) {
    run.stand('deploy', 'agent');
    const heard = await run.desk.await('installed', limits.deploy);
    if (heard === 'cancelled') return run.cancelled();
    if (heard !== 'late' && 'rebooted' in heard) return run.reboot(heard.rebooted, 'deploy');
    if (heard !== 'late' && 'report' in heard) {
      const accepted = await run.effects.birth.acceptInstall({ ...run.errand, next: run.start('ready') });
      if (!('held' in accepted)) {
        run.readyLimit = accepted.limit ?? limits.ready;
        run.mayRestart = accepted.mayRestart;
        run.reached('deployed');
        return next;
      }
      const ruling = await run.ask('deploy', accepted.held);
      if ('outcome' in ruling) return ruling.outcome;
    } else {
      const settled = await run.askRetry('deploy', ...failure(heard, limits.deploy));
      if (settled !== 'retry') return settled;
    }
    await run.effects.birth.directInstall(run.errand);
  }
}

function failure(heard: 'late' | { failed: Report }, limit: number): [fault: string, reason: string] {
  if (heard === 'late')
    return ['deploy/overdue', `The agent did not finish installing within ${limit / 60_000} minutes.`];
  const { step = 'install', message = 'it does not say why' } = heard.failed;
  return [`deploy/${step}`, `The agent failed at ${step}: ${message}`];
}
