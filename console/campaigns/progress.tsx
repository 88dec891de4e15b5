import type { CampaignView } from '../../contract/campaignschemas.ts';
import { countEnded, describeProgress } from './words.ts';

/** How many of its machines have ended, and how. */
export function ProgressBar({ campaign: { id, machines, counts } }: { readonly campaign: CampaignView }) {
  return (
    <span className="progress">
      <progress aria-label={`Progress of ${id}`} max={Math.max(1, machines)} value={countEnded(counts)} />
      {describeProgress(machines, counts)}
    </span>
  );
}
