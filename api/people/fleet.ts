import * as contract from '../../contract/fleetschemas.ts';
import { differencesView, mendingQuery, mendingView } from '../../contract/mendingschemas.ts';
import { type HealthState, healthStates } from '../../domain/fleetviews.ts';
import { countConformity, listCommonDrifts } from '../../mdb/drift/listing.ts';
import {
  type ConformanceRow,
  type ConsumptionRow,
  countConformance,
  countConsumption,
  countHealth,
  type HealthRow,
  listDraws,
} from '../../mdb/machines/views.ts';
import { readMending } from '../../mdb/orders/mending.ts';
import { ApiError } from './errors.ts';
import { gauge } from './gauge.ts';
import { type ApiRoute, route } from './route.ts';

/** The fleet by rack, as three people ask after it: whoever wants it as it should be, whoever pays for it, whoever is called. */
export const fleetRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/fleet/conformance',
    tag: 'fleet',
    summary: 'How many machines of each rack are as they are wanted',
    right: { role: 'viewer', of: 'fleet' },
    narrows: true,
    effect: 'read',
    answers: { 200: contract.conformanceView },
    handle: async ({ mdb, pools }) => {
      const [summary, racks] = await Promise.all([countConformity(mdb, pools), countConformance(mdb, pools)]);
      return { summary, racks };
    },
  }),
  route({
    method: 'GET',
    path: '/fleet/consumption',
    tag: 'fleet',
    summary: 'What each rack draws and takes up, and with `rack` each of its machines',
    right: { role: 'viewer', of: 'fleet' },
    narrows: true,
    effect: 'read',
    query: contract.consumptionQuery,
    answers: { 200: contract.consumptionView },
    handle: async ({ query: { rack }, mdb, pools }) => {
      const racks = await countConsumption(mdb, pools);
      if (rack !== undefined && !racks.some((one) => one.rack === rack))
        throw new ApiError('not-found', `no machine stands in a rack ${rack}`, 'rack');
      return {
        watts: racks.reduce((sum, { watts }) => sum + watts, 0),
        racks: rack === undefined ? racks : racks.filter((one) => one.rack === rack),
        machines: rack === undefined ? null : await listDraws(mdb, rack, pools),
      };
    },
  }),
  route({
    method: 'GET',
    path: '/fleet/health',
    tag: 'fleet',
    summary: 'How many machines of each rack are well, and what is the matter with the others',
    right: { role: 'viewer', of: 'fleet' },
    narrows: true,
    effect: 'read',
    answers: { 200: contract.fleetHealthView },
    handle: async ({ mdb, pools }) => {
      const racks = await countHealth(mdb, pools);
      const sums = sumHealth(racks);
      return { machines: healthStates.reduce((all, state) => all + sums[state], 0), ...sums, racks };
    },
  }),
  route({
    method: 'GET',
    path: '/fleet/differences',
    tag: 'fleet',
    summary: 'In what most machines are other than wanted',
    right: { role: 'viewer', of: 'fleet' },
    narrows: true,
    effect: 'read',
    answers: { 200: differencesView },
    handle: async ({ mdb, pools }) => ({ differences: await listCommonDrifts(mdb, pools, maxDifferences) }),
  }),
  route({
    method: 'GET',
    path: '/fleet/mending',
    tag: 'fleet',
    summary: 'Machines by state, and how long it took to detect, to repair and to answer',
    right: { role: 'viewer', of: 'fleet' },
    narrows: true,
    effect: 'read',
    query: mendingQuery,
    answers: { 200: mendingView },
    handle: async ({ query: { days }, pools, mdb }) => {
      const { states, ...repairs } = await readMending(mdb, pools, days);
      return { days, states, repairs };
    },
  }),
];

/** Differences that anybody reads at once. */
const maxDifferences = 50;

function sumHealth(racks: readonly HealthRow[]): Record<HealthState, number> {
  const sum = (state: HealthState) => racks.reduce((all, row) => all + row[state], 0);
  return Object.fromEntries(healthStates.map((state) => [state, sum(state)])) as Record<HealthState, number>;
}

/** The three views for Prometheus, by rack. Pure. */
export function renderFleetMetrics(
  conformance: readonly ConformanceRow[],
  consumption: readonly ConsumptionRow[],
  health: readonly HealthRow[],
): string[] {
  const of = (rack: string | null) => `rack=${JSON.stringify(rack ?? '')}`;
  return [
    gauge(
      'fleet_conformant',
      'Machines that were found as their profile wants them, by rack.',
      conformance.map(({ rack, conformant }) => `{${of(rack)}} ${conformant}`),
    ),
    gauge(
      'server_power_watts',
      'What the machines of each rack drew at the latest readings of their controllers.',
      consumption.map(({ rack, watts }) => `{${of(rack)}} ${watts}`),
    ),
    gauge(
      'fleet_health',
      'Machines by rack and by how they are, each counted once.',
      health.flatMap((row) => healthStates.map((state) => `{${of(row.rack)},state="${state}"} ${row[state]}`)),
    ),
  ];
}
