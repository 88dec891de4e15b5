/** Which campaigns would put drift right. */

import { standardPace } from '../campaign/campaign.ts';
import { isSameJson } from '../json.ts';
import { type MaintenanceRequest, standardRequests, type Work } from '../requests.ts';
import type { Amendable, PlannedDrift, Proposal } from './amendable.ts';

/** Machines of one campaign; the rest comes with a later round. */
const maxMachines = 1000;

/** One campaign for each pool and profile: the same work, which does nothing where a machine is as it should be. */
export function propose(drifts: readonly Amendable[], check: RequestCheck): Proposal[] {
  const mendable = drifts.filter((drift) => workFor([drift]).length > 0);
  const groups = Map.groupBy(mendable, ({ pool, profileId }) => JSON.stringify([pool, profileId]));
  return [...groups.values()].flatMap((group): Proposal[] => {
    const [first] = group;
    if (!first) return [];
    const machineIds = [...new Set(group.map(({ machineId }) => machineId))].sort().slice(0, maxMachines);
    const chosen = group.filter(({ machineId }) => machineIds.includes(machineId));
    const request = wantedWork(chosen, check);
    if (request === null) return [];
    const { pool, profileId, mode, limits } = first;
    const names = [...new Set(chosen.map(({ name }) => name))].sort().join(', ');
    const reason = `machines of pool ${pool} are other than profile ${profileId} wants: ${names}`.slice(0, 400);
    const driftIds = chosen.map(({ id }) => id);
    return [{ pool, mode, machineIds, driftIds, request, reason, pace: { ...standardPace, ...limits.pace } }];
  });
}

/** Gives the request as an order's, or null where it would not be taken as one. */
export type RequestCheck = (request: MaintenanceRequest) => MaintenanceRequest | null;

/** The work that the drifts of a campaign ask for; null where it would not be taken as one order's. */
function wantedWork(drifts: readonly Amendable[], check: RequestCheck): MaintenanceRequest | null {
  const semaphores = drifts[0]?.limits.semaphores ?? {};
  return check({ ...standardRequests.maintenance, work: workFor(drifts), semaphores });
}

/** A plan is right while all its machines still need the same work, in pools that still want it, and it can be started. */
export function isStillRight({ machines, request, drifts, change }: PlannedDrift, check: RequestCheck): boolean {
  if (change !== null) return false;
  const left = new Set(drifts.map(({ machineId }) => machineId)).size;
  const wanted = drifts.every(({ mode }) => mode === 'assist');
  return left === machines && wanted && isSameJson(request['work'], wantedWork(drifts, check)?.work);
}

/** Firmware that has a file, then one piece with all settings. What only the machine itself contradicts is for people. */
function workFor(drifts: readonly Amendable[]): Work[] {
  const names = (kind: Amendable['kind']) =>
    [
      ...new Set(
        drifts.filter((drift) => drift.kind === kind && drift.source === 'controller').map(({ name }) => name),
      ),
    ].sort();
  const [first] = drifts;
  if (!first) return [];
  const firmware = names('firmware').flatMap((component): Work[] => {
    const { version, file, sha256 } = first.wants.firmware[component] ?? {};
    if (version === undefined || file === undefined || sha256 === undefined) return [];
    return [{ kind: 'firmware', component, version, file, sha256 }];
  });
  const settings = names('bios').flatMap((name) => {
    const value = first.wants.bios[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return [
    ...firmware,
    ...(settings.length === 0 ? [] : [{ kind: 'bios' as const, attributes: Object.fromEntries(settings) }]),
  ];
}
