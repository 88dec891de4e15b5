import type { ActResult } from '../../contract/hardware.ts';
import type { Effects } from '../passage/effects.ts';
import { type Ended, next, type StepResult } from '../passage/result.ts';
import { bootLimitMs } from './boot.ts';
import type { BirthContext } from './facts.ts';
import { change } from './password.ts';

/**
 * Rack and cable: the machine stands in its rack and has power; this step ends when its agent has reported its
 * inventory. One that has to be booted is powered on or restarted towards the network, where its controller is known.
 * One that stays silent is restarted within the budget, then somebody has to look at it.
 */
export async function rack(context: BirthContext, effects: Effects): Promise<StepResult> {
  const { facts } = context;
  if (facts.newcomer !== undefined) {
    const merged = await askWho(context, effects, facts.newcomer);
    if (merged !== null) return merged;
  }
  if (facts.mustBoot && context.mayPower) await bootNetwork(context, effects);
  for (;;) {
    context.waitsOn('agent', bootLimitMs);
    const received = await context.awaitReport('inventory', bootLimitMs);
    if (received === 'late') {
      await silent(context, effects);
    } else if ('failed' in received) {
      const { step = 'agent', message = 'it does not say why' } = received.failed;
      await effects.askRetry(`rack/${step}`, `The agent failed at ${step}: ${message}`);
    } else {
      // It has left its system, if it had one: nothing puts it back where it was.
      effects.undoBy(null);
      context.take(received.report);
      return next;
    }
  }
}

/** One that looks like another machine boots nothing until a person has said who it is. Null: it is one of its own. */
async function askWho({ facts }: BirthContext, effects: Effects, reason: string): Promise<Ended | null> {
  const { answer, by } = await effects.ask({
    fault: 'rack/newcomer',
    reason: `${reason}. Is it another node, such as one of the same case, or that same machine?`,
    choices: ['another-node', 'same-machine', 'abandon'],
    onClose: null,
  });
  const settled = await effects.birth.settleNewcomer({ answer, by });
  facts.newcomer = undefined;
  if (settled.is === 'own') return null;
  return { to: 'end', state: 'cancelled', note: `it is ${settled.into}, as ${by} said` };
}

/** A controller that wants a new password before anything did nothing: it is given one, and asked once more. */
async function bootNetwork(context: BirthContext, effects: Effects): Promise<ActResult> {
  const act = await effects.act('boot-network');
  if (act.state !== 'not_done' || act.refused === undefined) return act;
  return (await change(context, effects, act.refused)) === 'changed' ? effects.act('boot-network') : act;
}

async function silent(context: BirthContext, effects: Effects): Promise<void> {
  if (context.mayPower && (await bootNetwork(context, effects)).state === 'done') return;
  const minutes = bootLimitMs / 60_000;
  await effects.askRetry(
    'rack/silent',
    `No inventory came from this machine within ${minutes} minutes of its first boot request or power-on. Look at its console, its disks' boot order and its network cable.`,
  );
}
