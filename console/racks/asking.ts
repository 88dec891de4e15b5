import type { RackCabling } from '../../contract/api.ts';
import type { DriftList } from '../../contract/driftschemas.ts';
import type { ImpactView, SwitchView } from '../../contract/places.ts';
import { fetchFrom, pathPart } from '../client.ts';
import type { FirmwareFindings } from './tone.ts';

export const fetchCabling = async (rack: string, signal: AbortSignal) =>
  (await fetchFrom<RackCabling>(`/racks/${pathPart(rack)}`, {}, signal)).ports;

export const fetchSwitches = async (signal: AbortSignal) =>
  (await fetchFrom<{ switches: SwitchView[] }>('/switches', {}, signal)).switches;

/** What hangs on a switch or a feed. */
export const fetchImpact = (kind: 'switch' | 'feed', name: string, signal: AbortSignal) =>
  fetchFrom<ImpactView>(`/impact/${kind}/${pathPart(name)}`, {}, signal);

/** Of each machine of a rack whose firmware is not as wanted, whether it is another one or not known; null: never compared. */
export async function fetchFirmware(rack: string, signal: AbortSignal): Promise<FirmwareFindings> {
  const { drifts, summary } = await fetchFrom<DriftList>('/drift', { rack, kind: 'firmware' }, signal);
  if (summary.comparedAt === null) return null;
  const found = new Map<string, 'other' | 'unknown'>();
  for (const { machineId, unknownSince } of drifts)
    if (found.get(machineId) !== 'other') found.set(machineId, unknownSince === null ? 'other' : 'unknown');
  return found;
}
