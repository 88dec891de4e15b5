import { setCurrentDetails } from '@temporalio/workflow';
import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import { requestOf } from '../../domain/requests.ts';
import { deploy } from '../birth/deploy.ts';
import { ready } from '../birth/ready.ts';
import { undrainWork } from '../outage/drain.ts';
import { frame } from '../passage/frame.ts';
import type { Ended, Outcome } from '../passage/outcome.ts';
import { mustRehearse, rehearse } from '../service/serve.ts';
import { boot } from './boot.ts';
import { erase } from './erase.ts';
import { install } from './install.ts';
import { leave } from './leave.ts';
import { prove } from './prove.ts';
import { CleanRun } from './run.ts';

type Leg = (run: CleanRun) => Promise<Outcome>;

/** What makes a machine's disks unreadable, with the proof. */
export const erasing: readonly Leg[] = [leave, boot, erase, prove];
const path: readonly Leg[] = [...erasing, install, deploy, ready];

/**
 * Clean: what the old owner left is made unreadable, disk by disk, and only with the proof of each does the machine get
 * a new one. It ends installed for the new owner, or switched off where nobody is named.
 */
export async function clean(input: PassageInput): Promise<PassageSummary> {
  const run = new CleanRun(input);
  const go = async () => {
    const begun = await run.begin();
    if (!begun.live) return run.unbegun(begun.why);
    run.request = requestOf('clean', begun.request);
    run.takeUpClean(begun);
    const rehearsed = mustRehearse(run, begun) ? await rehearse(run, begun, () => plan(run)) : null;
    return rehearsed ?? travel(run);
  };
  return frame(run, go, (ended) => end(run, ended));
}

/** The same reads; what would be done is written down. */
export async function plan(run: CleanRun): Promise<Outcome> {
  const left = await leave(run);
  if (left.to === 'end') return left;
  for (const does of await run.looks.clean.planClean(run.errand)) run.plans('erase', does);
  return left;
}

async function travel(run: CleanRun): Promise<PassageSummary> {
  const ended = await walk(run, path);
  if (ended !== null) return end(run, ended);
  run.gate.turnBack();
  if (run.treatment?.drains) await undrainWork(run, 'ready');
  setCurrentDetails(`In service for ${run.request.owner}`);
  return run.summary('done');
}

/** The leg at which an earlier run stood; the first for one that begins. */
function begins(run: CleanRun, path: readonly Leg[]): number {
  const { at, past } = run.recall;
  const legs: Readonly<Record<string, Leg>> = { leave, boot, erase, prove, ready };
  // The agent was told to install, or it was still to be told.
  const leg = at === 'deploy' ? (past?.directive === 'install' ? deploy : install) : legs[at ?? 'leave'];
  return Math.max(0, path.indexOf(leg ?? leave));
}

/** Leg by leg; where it ended before the last one's end. */
export async function walk(run: CleanRun, path: readonly Leg[]): Promise<Ended | null> {
  let position = begins(run, path);
  // An earlier run has taken it out of service.
  if (run.recall.isPast('leave') && (run.before === 'production' || run.before === 'draining'))
    run.treatment = await run.looks.outage.readTreatment(run.errand);
  for (const first = position; position < path.length; ) {
    if (position !== first) await run.closeLeft();
    await run.gate.pass();
    const outcome = await (path[position] as Leg)(run);
    if (outcome.to === 'end') return outcome;
    position = outcome.to === 'next' ? position + 1 : path.indexOf(run.proven ? install : erase);
  }
  return null;
}

/** A machine whose disks were not touched may boot them again; whether it runs, somebody has to look: it stays held. */
export async function end(run: CleanRun, ended: Ended): Promise<PassageSummary> {
  if (!run.touched && run.state.bootState === 'clean') {
    run.state = await run.effects.outage.moveMachine({ ...run.errand, bootState: 'healthy' });
  }
  if (!run.touched) await run.undo?.(ended);
  setCurrentDetails(`Ended: ${ended.note}`);
  return run.end(ended, ended.state !== 'done' && run.state.opState !== 'production');
}
