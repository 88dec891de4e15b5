import type { OrderDetail, OrderRequest, OrderView } from '../../contract/api.ts';
import type { CampaignRequest, CampaignView } from '../../contract/campaignschemas.ts';
import { fetchFrom, type MachineSlice, pathPart, sendTo } from '../client.ts';

export const placeOrderOf = (body: OrderRequest) =>
  sendTo<{ order: OrderView; created: boolean }>('POST', '/orders', body);

export const fetchOrder = (id: string, signal: AbortSignal) =>
  fetchFrom<OrderDetail>(`/orders/${pathPart(id)}`, {}, signal);

export const steerOrderOf = (id: string, how: 'pause' | 'resume' | 'cancel' | 'take-over', reason: string) =>
  sendTo<object>('POST', `/orders/${pathPart(id)}/${how}`, { reason });

export const planMany = (body: CampaignRequest) =>
  sendTo<{ created: boolean; campaign: CampaignView }>('POST', '/campaigns', body);

/** How many machines a selector means. */
export const countMeant = async (selector: string, signal: AbortSignal) =>
  (await fetchFrom<MachineSlice>('/machines', { selector, limit: 1, fields: 'id' }, signal)).total;

export const liftHoldOf = (machine: string, reason: string) =>
  sendTo<object>('POST', `/machines/${pathPart(machine)}/unhold`, { reason });
