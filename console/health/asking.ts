import type { Finding } from '../../contract/api.ts';
import type { ConformanceView, ConsumptionView, FleetHealthView } from '../../contract/fleetschemas.ts';
import type { DifferencesView, MendingView } from '../../contract/mendingschemas.ts';
import { fetchFrom } from '../client.ts';

export interface WishesView extends ConformanceView, DifferencesView {}

/** Whether machines are as wanted, and what most are other in. */
export async function fetchConformance(signal: AbortSignal): Promise<WishesView> {
  const [conformance, differences] = await Promise.all([
    fetchFrom<ConformanceView>('/fleet/conformance', {}, signal),
    fetchFrom<DifferencesView>('/fleet/differences', {}, signal),
  ]);
  return { ...conformance, ...differences };
}

/** With `rack`, what each of its machines draws. */
export const fetchConsumption = (rack: string, signal: AbortSignal) =>
  fetchFrom<ConsumptionView>('/fleet/consumption', { rack }, signal);

export const fetchHealth = (signal: AbortSignal) => fetchFrom<FleetHealthView>('/fleet/health', {}, signal);

export const fetchMending = (days: number, signal: AbortSignal) =>
  fetchFrom<MendingView>('/fleet/mending', { days }, signal);

export const fetchFindings = async (signal: AbortSignal) =>
  (await fetchFrom<{ findings: Finding[] }>('/doctor', {}, signal)).findings;
