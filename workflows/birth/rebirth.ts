import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import { type RebirthRequest, requestOf } from '../../domain/requests.ts';
import { departAtOnce } from '../outage/depart.ts';
import { frame } from '../passage/frame.ts';
import { type Ended, next, type Outcome, refuse } from '../passage/outcome.ts';
import { mustRehearse, rehearse } from '../service/serve.ts';
import { beltCourse, convey, leaveBelt } from './belt.ts';
import { BirthRun } from './run.ts';

const week = 7 * 24 * 60 * 60_000;

/**
 * Rebirth: the boot state is set, and the machine's next reboot applies it, or a power cycle that was asked for. From
 * its inventory on it goes along the same belt as at its birth, under its permanent address: burn-in, identity, image.
 */
export async function rebirth(input: PassageInput): Promise<PassageSummary> {
  const run = new BirthRun(input, beltCourse('rebirth'));
  const go = async () => {
    const begun = await run.begin();
    if (!begun.live) return run.unbegun(begun.why);
    const request = requestOf('rebirth', begun.request);
    const rehearsed = mustRehearse(run, begun) ? await rehearse(run, begun, () => foresee(run, request)) : null;
    return rehearsed ?? beBorn(run, request);
  };
  return frame(run, go, (ended) => (run.onBelt && run.undo === null ? leaveBelt(run, ended) : stayAsItIs(run, ended)));
}

/** What can be told before the machine has booted: the rest follows from what it shows then. */
async function foresee(run: BirthRun, request: RebirthRequest): Promise<Outcome> {
  const doubt = await run.effects.birth.setRebirth({ ...run.errand, wipe: request.wipe, dryRun: true });
  if (doubt !== null) return refuse(doubt);
  run.plans('rack', `its next boot gets the bootstrap image${request.wipe ? ', and its disks may be wiped' : ''}`);
  if (request.power === 'cycle' && run.controller) {
    const departed = await departAtOnce(run, 'rack', request.semaphores);
    if ('outcome' in departed) return departed.outcome;
    const act = await run.act('boot-network');
    if (act.state !== 'planned') return refuse(act.observed);
    run.plans('rack', 'boot-network', act.command);
  }
  run.plans('register', 'from its inventory on as at its birth: identity, burn-in, image, hand-over');
  return next;
}

async function beBorn(run: BirthRun, request: RebirthRequest): Promise<PassageSummary> {
  // Begun again behind its inventory, it is on the belt already.
  if (run.recall.isPast('rack')) {
    run.onBelt = true;
    return convey(run);
  }
  const doubt = await run.effects.birth.setRebirth({ ...run.errand, wipe: request.wipe, dryRun: false });
  if (doubt !== null) return run.end(refuse(doubt), false);
  const power = run.recall.hasAct('boot-network') ? 'cycle' : request.power;
  const ended = await awaitReboot(run, { ...request, power });
  if (ended !== null) return stayAsItIs(run, ended);
  run.onBelt = true;
  return convey(run);
}

/** Its next boot is of its own disk again, and it stands where it stood. */
async function stayAsItIs(run: BirthRun, ended: Ended): Promise<PassageSummary> {
  await run.effects.birth.unsetRebirth(run.errand);
  await run.undo?.(ended);
  return run.end(ended, false);
}

/** Until the machine's agent has told its inventory: from then on there is no way back. Null when it has. */
async function awaitReboot(run: BirthRun, request: RebirthRequest): Promise<Ended | null> {
  const { power, semaphores } = request;
  if (power === 'cycle' && run.controller) {
    const departed = await departAtOnce(run, 'rack', semaphores);
    if ('outcome' in departed) return asEnd(departed.outcome);
    run.mustBoot = true;
    return null;
  }
  for (;;) {
    run.stand('rack', 'reboot', week, 'Its next reboot brings the bootstrap image.');
    const heard = await run.desk.await('inventory', week);
    if (heard === 'cancelled') return asEnd(run.cancelled());
    if (heard !== 'late') {
      if ('report' in heard || 'rebooted' in heard) {
        run.desk.putBack('report' in heard ? heard.report : heard.rebooted);
        return null;
      }
      continue;
    }
    const days = week / 86_400_000;
    const ruling = await run.ask('rack', {
      fault: 'rack/no-reboot',
      reason: `It has not rebooted for ${days} days. "cycle" restarts it towards the network, "wait" waits on.`,
      choices: run.controller ? ['wait', 'cycle', 'abandon'] : ['wait', 'abandon'],
    });
    if ('outcome' in ruling) return ruling.outcome.to === 'end' ? asEnd(ruling.outcome) : null;
    if (ruling.answer === 'cycle') return awaitReboot(run, { ...request, power: 'cycle' });
  }
}

function asEnd(outcome: Outcome): Ended {
  if (outcome.to !== 'end') throw new Error('an outcome that ends nothing');
  return outcome;
}
