import type { CampaignSteering, SteeringKind } from '../../contract/campaign.ts';
import type { CampaignProgress } from '../../domain/campaign/campaign.ts';
import { isRefused } from '../../domain/refused.ts';
import { startCampaign, steerCampaign } from '../../mdb/campaigns/campaigns.ts';
import { type CampaignStep, haltCampaign, progressCampaign } from '../../mdb/campaigns/step.ts';
import type { Mdb } from '../../mdb/connect.ts';

export interface SteerInput extends CampaignSteering {
  readonly campaignId: string;
  readonly how: SteeringKind | 'start';
}

/** What a campaign's workflow does outside the sandbox. Each may run more than once. */
export function createCampaignActivities(mdb: Mdb) {
  return {
    /** Takes over what has ended, and orders what may begin; null when there is no such campaign. */
    progressCampaign: (spec: CampaignStep): Promise<CampaignProgress | null> => progressCampaign(mdb, spec),
    haltCampaign: ({ campaignId, why }: { campaignId: string; why: string }): Promise<void> =>
      haltCampaign(mdb, campaignId, why),
    /** A signal of the stock CLI; null, or the sentence that refuses it. */
    async steerCampaign({ campaignId, how, by, plan = '', ...rest }: SteerInput): Promise<string | null> {
      const person = { class: 'user', name: by } as const;
      const steered =
        how === 'start'
          ? await startCampaign(mdb, person, campaignId, plan, rest.reason)
          : await steerCampaign(mdb, person, campaignId, how, rest);
      return isRefused(steered) ? steered.message : null;
    },
  };
}

export type CampaignActivities = ReturnType<typeof createCampaignActivities>;
