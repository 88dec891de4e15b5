/** Which campaigns would put drift right. Pure. */

import { checkRequest } from '../../contract/requestschemas.ts';
import { standardPace } from '../../domain/campaign/campaign.ts';
import { type MaintenanceRequest, standard, type Work } from '../../domain/requests.ts';
import type { Amendable, Proposal } from '../../mdb/drift/proposals.ts';

/** Machines of one campaign; the rest comes with a later round. */
const mostMachines = 1000;

/** One campaign for each pool and profile: the same work, which does nothing where a machine is as it should be. */
export function propose(drifts: readonly Amendable[]): Proposal[] {
  const mendable = drifts.filter((drift) => workFor([drift]).length > 0);
  const groups = Map.groupBy(mendable, ({ pool, profileId }) => JSON.stringify([pool, profileId]));
  return [...groups.values()].flatMap((group): Proposal[] => {
    const [first] = group;
    if (!first) return [];
    const machineIds = [...new Set(group.map(({ machineId }) => machineId))].sort().slice(0, mostMachines);
    const chosen = group.filter(({ machineId }) => machineIds.includes(machineId));
    const request = requestOf(chosen);
    if (request === null) return [];
    const { pool, profileId, mode, limits } = first;
    const names = [...new Set(chosen.map(({ name }) => name))].sort().join(', ');
    const reason = `machines of pool ${pool} are other than profile ${profileId} wants: ${names}`.slice(0, 400);
    const driftIds = chosen.map(({ id }) => id);
    return [{ pool, mode, machineIds, driftIds, request, reason, pace: { ...standardPace, ...limits.pace } }];
  });
}

/** The work that the drifts of a campaign ask for; null where it would not be taken as one order's. */
export function requestOf(drifts: readonly Amendable[]): MaintenanceRequest | null {
  const semaphores = drifts[0]?.limits.semaphores ?? {};
  const checked = checkRequest('maintenance', { ...standard.maintenance, work: workFor(drifts), semaphores });
  return checked.ok ? checked.request : null;
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
