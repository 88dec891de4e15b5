import type { ActResult } from '../../contract/hardware.ts';
import { next, type Outcome } from '../passage/outcome.ts';
import { limits } from './limits.ts';
import { change } from './password.ts';
import type { BirthRun } from './run.ts';

/**
 * Rack and cable: the machine stands in its rack and has power; this step ends when its agent has told its
 * inventory. One that has to be booted is powered on or restarted towards the network, where its controller is known.
 * One that stays silent is restarted within the budget, then somebody has to look at it.
 */
export async function rack(run: BirthRun): Promise<Outcome> {
  if (run.newcomer !== undefined) {
    const settled = await askWho(run, run.newcomer);
    if (settled !== 'own') return settled;
  }
  if (run.mustBoot && run.mayPower) await bootNetwork(run);
  for (;;) {
    run.stand('rack', 'agent');
    const heard = await run.desk.await('inventory', limits.rack);
    if (heard === 'cancelled') return run.cancelled();
    if (heard === 'late') {
      const settled = await silent(run);
      if (settled !== 'retry') return settled;
    } else if ('failed' in heard) {
      const { step = 'agent', message = 'it does not say why' } = heard.failed;
      const settled = await run.askRetry('rack', `rack/${step}`, `The agent failed at ${step}: ${message}`);
      if (settled !== 'retry') return settled;
    } else {
      // It has left its system, if it had one: nothing puts it back where it was.
      run.undo = null;
      run.desk.take('report' in heard ? heard.report : heard.rebooted);
      return next;
    }
  }
}

/** One that looks like another machine boots nothing until a person has said who it is. */
async function askWho(run: BirthRun, reason: string): Promise<Outcome | 'own'> {
  const answer = await run.ask('rack', {
    fault: 'rack/newcomer',
    reason: `${reason}. Is it another node, such as one of the same case, or that same machine?`,
    choices: ['another-node', 'same-machine', 'abandon'],
    onClose: null,
  });
  if ('outcome' in answer) return answer.outcome;
  const settled = await run.effects.birth.settleNewcomer({ ...run.errand, answer: answer.answer, by: answer.by });
  run.newcomer = undefined;
  if (settled.is === 'own') return 'own';
  return { to: 'end', state: 'cancelled', note: `it is ${settled.into}, as ${answer.by} said` };
}

/** A controller that wants a new password before anything did nothing: it is given one, and asked once more. */
async function bootNetwork(run: BirthRun): Promise<ActResult> {
  const act = await run.act('boot-network');
  if (act.state !== 'not_done' || act.refused === undefined) return act;
  return (await change(run, act.refused)) === 'changed' ? run.act('boot-network') : act;
}

async function silent(run: BirthRun): Promise<Outcome | 'retry'> {
  if (run.mayPower) {
    const act = await bootNetwork(run);
    if (act.state === 'done') return 'retry';
  }
  const minutes = limits.rack / 60_000;
  return run.askRetry(
    'rack',
    'rack/silent',
    `No inventory came from this machine within ${minutes} minutes of its first boot request or power-on. Look at its console, its disks' boot order and its network cable.`,
  );
}
