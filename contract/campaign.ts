/**
 * Campaigns: one order over many machines. Names, states and messages that the workflow, the MDB, the API and clients
 * share; plain types. Times are ISO 8601 in UTC.
 */
import type { CampaignProgress, CampaignState, MemberCounts } from '../domain/campaign/campaign.ts';

export const campaignWorkflow = 'campaign';

export function campaignWorkflowId(id: string): string {
  return `campaign/${id}`;
}

export const campaignSignals = {
  wake: 'wake',
  start: 'start',
  pause: 'pause',
  resume: 'resume',
  cancel: 'cancel',
} as const;

/**
 * What a person says to a campaign; `stop` at a cancel stops what runs too, at its next safe point; `plan` at a start is
 * the hash of the plan that was reviewed.
 */
export interface CampaignSteering {
  readonly by: string;
  readonly reason: string;
  readonly stop?: boolean;
  readonly plan?: string;
}
export type SteeringKind = 'pause' | 'resume' | 'cancel';

/** Input of the workflow; all that it knows is in the MDB. */
export interface CampaignInput {
  readonly campaignId: string;
  /** Turns of one run, for tests; the server's own suggestion otherwise. */
  readonly max?: number;
  /** Messages that were ignored. */
  readonly ignored?: readonly string[];
}

/** One look at the campaign, at the workflow's time. */
export interface CampaignStepInput {
  readonly campaignId: string;
  readonly now: number;
}

/** What the `status` query of a campaign tells. */
export interface CampaignStatus extends Omit<CampaignProgress, 'canaries' | 'more' | 'until'> {
  readonly campaignId: string;
  readonly until: string | null;
  readonly since: string;
  readonly ignored: readonly string[];
}

export interface CampaignSummary {
  readonly state: CampaignState;
  readonly counts: MemberCounts;
}
