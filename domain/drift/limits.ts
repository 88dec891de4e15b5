import type { CampaignPace } from '../campaign/campaign.ts';
import type { SemaphoreTags } from '../requests.ts';

/** How campaigns of the reconciler may go, a pool at a time; what is absent is as usual. */
export interface ReconcileLimits {
  readonly pace?: CampaignPace;
  readonly semaphores?: SemaphoreTags;
}
