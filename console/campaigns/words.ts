/** A campaign in words. Pure. */
import type { CampaignDetail, CampaignView } from '../../contract/campaignschemas.ts';
import { countOf } from '../words.ts';

type Counts = CampaignView['counts'];
type Member = CampaignDetail['members'][number];

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** `Mon, Tue 22:00 to 04:00 Europe/Berlin`. */
export function describeWindow({ days, from, to, zone }: CampaignView['pace']['windows'][number]): string {
  return `${days.map((day) => weekdays[day - 1]).join(', ')} ${from} to ${to} ${zone}`;
}

export function describePace({ batch, atOnce, rackShare, feedShare, poolShare }: CampaignView['pace']): string {
  const shares = Object.entries({ rack: rackShare, feed: feedShare, pool: poolShare }).flatMap(([group, share]) =>
    share === null ? [] : [`${share} % of a ${group}`],
  );
  return [`batches of ${batch}`, `${atOnce} at once`, ...shares].join(', ');
}

export function describeCanary({ canary, soakMinutes }: CampaignView['pace']): string {
  if (canary === 0) return 'none';
  return `${countOf(canary, 'machine')}, which must stay healthy for ${countOf(soakMinutes, 'minute')}`;
}

export function countEnded({ done, failed, skipped, cancelled }: Counts): number {
  return done + failed + skipped + cancelled;
}

/** `12 of 40 ended: 10 done, 2 failed; 5 under way`. */
export function describeProgress(machines: number, counts: Counts): string {
  const kinds = (['done', 'failed', 'skipped', 'cancelled'] as const).filter((kind) => counts[kind] > 0);
  const how = kinds.map((kind) => `${counts[kind].toLocaleString('en')} ${kind}`).join(', ');
  const ended = `${countEnded(counts).toLocaleString('en')} of ${countOf(machines, 'machine')} ended`;
  const underWay = counts.ordered > 0 ? `; ${counts.ordered.toLocaleString('en')} under way` : '';
  return `${ended}${how === '' ? '' : `: ${how}`}${underWay}`;
}

/** What became of a machine, or what speaks against it. */
export function describeOutcome({ outcome, doubt, state }: Member): string {
  if (outcome !== null) return outcome;
  return state === 'planned' && doubt !== null ? `doubtful: ${doubt}` : '–';
}

export const stateWords: Readonly<Record<Member['state'], string>> = {
  planned: 'to come',
  ordered: 'under way',
  done: 'done',
  failed: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
};
