import { setCurrentDetails } from '@temporalio/workflow';
import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import type { BegunPassage } from '../../contract/past.ts';
import { frame } from '../passage/frame.ts';
import { type Ended, type Outcome, refuse } from '../passage/outcome.ts';
import { type Course, PassageRun } from '../passage/run.ts';

/** What a passage does between taking its order and ending it. */
export type Story<Step extends string> = (run: PassageRun<Step>, begun: BegunPassage) => Promise<Outcome>;

/**
 * Takes the order, does what the story says, and ends it. A dry run does the same with every act written down instead
 * of done; an order that was reviewed is rehearsed first, and done only if its plan is still the one that was reviewed.
 */
export function serve<Step extends string>(
  input: PassageInput,
  course: Course<Step>,
  story: Story<Step>,
): Promise<PassageSummary> {
  return perform(new PassageRun(input, course), story);
}

/** The same for a passage whose run knows more than every run. */
export async function perform<Run extends PassageRun<string>>(
  run: Run,
  story: (run: Run, begun: BegunPassage) => Promise<Outcome>,
): Promise<PassageSummary> {
  const go = async () => {
    const begun = await run.begin();
    if (!begun.live) return run.unbegun(begun.why);
    const rehearsed = mustRehearse(run, begun) ? await rehearse(run, begun, story) : null;
    return rehearsed ?? finish(run, await story(run, begun));
  };
  return frame(run, go, async (ended) => finish(run, (await run.undo?.(ended)) ?? ended));
}

/** A plan that was compared before the passage was begun again was as it had been reviewed: the machine has moved since. */
export function mustRehearse(run: PassageRun<string>, { dryRun, reviewed }: BegunPassage): boolean {
  return dryRun || (reviewed !== null && run.recall.past?.planned !== true);
}

/** Null when the order is to be done after all: its plan is still the one that was reviewed. */
export async function rehearse<Run extends PassageRun<string>>(
  run: Run,
  begun: BegunPassage,
  story: (run: Run, begun: BegunPassage) => Promise<Outcome>,
) {
  run.dry = true;
  const outcome = await story(run, begun);
  run.wake();
  run.state = begun;
  if (outcome.to === 'end' && outcome.state !== 'done') return finish(run, outcome);
  const hash = await run.effects.passage.keepPlan({ ...run.errand, lines: run.plan });
  if (begun.dryRun) {
    return finish(run, { to: 'end', state: 'done', note: `dry run: ${run.plan.length} acts, plan ${hash}` });
  }
  if (hash === begun.reviewed) return null;
  return finish(run, refuse(`the plan is now ${hash}, and ${begun.reviewed} was reviewed`));
}

function finish(run: PassageRun<string>, outcome: Outcome): Promise<PassageSummary> {
  const ended: Ended = outcome.to === 'end' ? outcome : { to: 'end', state: 'done', note: 'done' };
  setCurrentDetails(`Ended: ${ended.note}`);
  // What stands out of service after a passage that did not succeed stands there until a person moves it on.
  const standsAside = run.state.opState !== 'production' && run.state.opState !== 'draining';
  return run.end(ended, ended.state !== 'done' && standsAside && !ended.skipped);
}

/** The person who ordered it; null where that was Farrier itself, or the machine. */
export function operatorOf({ requester, requesterClass = 'user' }: BegunPassage): string | null {
  return requesterClass === 'user' ? requester : null;
}

/** An action begins on a machine that is in service, and production or draining; from elsewhere no flow has an edge. */
export function inProduction({ stage, opState, past }: BegunPassage): Outcome | null {
  // Begun again, it stands where the earlier run has brought it.
  if (past && (past.from === 'production' || past.from === 'draining')) return null;
  if (stage === 'in_service' && (opState === 'production' || opState === 'draining')) return null;
  return refuse(`the machine is ${opState}, stage ${stage}`);
}
