import type { CampaignDetail, CampaignView } from '../../contract/campaignschemas.ts';
import { fetchFrom, pathPart, sendTo } from '../client.ts';

export interface CampaignSlice {
  readonly campaigns: readonly CampaignView[];
  readonly total: number;
}

export const fetchCampaigns = (query: { state: string; limit: number }, signal: AbortSignal) =>
  fetchFrom<CampaignSlice>('/campaigns', query, signal);

export const fetchCampaign = (id: string, query: { state: string; limit: number }, signal: AbortSignal) =>
  fetchFrom<CampaignDetail>(`/campaigns/${pathPart(id)}`, query, signal);

export const rehearse = (id: string) =>
  sendTo<{ ordered: number; refused: number }>('POST', `/campaigns/${pathPart(id)}/rehearse`, {});

export const startPlan = (id: string, plan: string, reason: string) =>
  sendTo<object>('POST', `/campaigns/${pathPart(id)}/start`, { plan, reason });

export const steerPlan = (
  id: string,
  how: 'pause' | 'resume' | 'cancel',
  body: { readonly reason: string; readonly stop?: boolean },
) => sendTo<object>('POST', `/campaigns/${pathPart(id)}/${how}`, body);
