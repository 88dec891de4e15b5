/** What can be done with a campaign as it stands. */
import type { CampaignView } from '../../contract/campaignschemas.ts';
import type { SteeringAct } from '../frame/steer.tsx';
import { countOf } from '../words.ts';
import { startPlan, steerPlan } from './asking.ts';

export function actsOn({ id, hash, state, machines, pace, counts }: CampaignView): readonly SteeringAct[] {
  const canaries = pace.canary === 0 ? 'without a canary' : `the first ${countOf(pace.canary, 'machine')} as canaries`;
  const start: SteeringAct = {
    title: 'Start this plan',
    means: `Begins with ${countOf(machines, 'machine')}, ${canaries}, and only if the plan would still be the one with the hash ${hash.slice(0, 12)}….`,
    isPrimary: true,
    act: (reason) => startPlan(id, hash, reason),
  };
  const halt: SteeringAct = {
    title: 'Halt',
    means: 'Begins nothing more until it is resumed. What is under way goes on.',
    act: (reason) => steerPlan(id, 'pause', { reason }),
  };
  const resume: SteeringAct = {
    title: 'Resume',
    means: 'Goes on. Failures so far count no more, and a ticket of its halt is closed.',
    isPrimary: true,
    act: (reason) => steerPlan(id, 'resume', { reason }),
  };
  const cancel: SteeringAct = {
    title: 'Cancel',
    means: 'Begins nothing more, drops what waits, and ends.',
    ...(counts.ordered > 0 && { extra: 'Stop what runs too, at its next safe point' }),
    act: (reason, stop) => steerPlan(id, 'cancel', { reason, ...(stop && { stop }) }),
  };
  const byState: Readonly<Record<CampaignView['state'], readonly SteeringAct[]>> = {
    planned: [start, cancel],
    running: [halt, cancel],
    paused: [resume, cancel],
    cancelling: [cancel],
    done: [],
    cancelled: [],
  };
  return byState[state];
}
