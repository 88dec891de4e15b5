import * as contract from '../../contract/adoptionschemas.ts';
import { checkController } from '../../domain/controllers.ts';
import { originOfController } from '../../domain/imports/controller.ts';
import { bmcNetworksOf } from '../../mdb/controllers/controller.ts';
import { type Adoption, adoptionOf, askAdoption } from '../../mdb/identity/adopting.ts';
import { ApiError, granted } from './errors.ts';
import { mustBeSecret } from './names.ts';
import { type ApiRoute, route } from './route.ts';

/** Machines taken in by their controller's address. The API asks no controller: a worker of the site does. */
export const adoptionRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/adoptions',
    tag: 'machines',
    summary: "Takes a machine in by its controller's address: reads who it is, and orders its birth",
    right: { role: 'operator', of: 'site' },
    effect: 'destructive',
    reason: 'required',
    body: contract.adoptionRequest,
    answers: { 202: contract.adoptionRequested },
    handle: async ({ body, operator, mdb, siteId, dependencies }) => {
      const {
        id,
        bmc,
        secret,
        plan,
        dryRun,
        reason,
        mac = null,
        rack = null,
        unit = null,
        slot = null,
        restart,
      } = body;
      const read = originOfController(bmc);
      if ('why' in read) throw new ApiError('invalid', read.why, 'bmc');
      const problem = checkController(read.origin, await bmcNetworksOf(mdb, siteId));
      if (problem !== null) throw new ApiError('invalid', problem, 'bmc');
      await mustBeSecret(dependencies, secret, 'secret');
      const spec = {
        ...{ id, siteId, origin: read.origin, secretRef: secret, dryRun, reviewed: plan ?? null, reason },
        request: { mac, rack, unit, slot, restart },
      };
      return granted(await askAdoption(mdb, operator, spec));
    },
  }),
  route({
    method: 'GET',
    path: '/adoptions/:id',
    tag: 'machines',
    summary: 'One adoption: what was found, and what became of it',
    right: { role: 'viewer', of: 'site' },
    effect: 'read',
    params: contract.adoptionName,
    answers: { 200: contract.adoptionView },
    handle: async ({ params: { id }, mdb }) => {
      const row = await adoptionOf(mdb, id);
      if (row === null) throw new ApiError('not-found', `there is no adoption ${id}`, 'id');
      return show(row);
    },
  }),
];

function show(row: Adoption): contract.AdoptionView {
  const { id, origin: bmc, secretRef: secret, requester, reason, dryRun, state, why, plan, hash } = row;
  return {
    ...{ id, bmc, secret, requester, reason, dryRun, state, why, plan: [...plan], hash },
    ...{ machine: row.machineId, order: row.orderId, requestedAt: row.requestedAt.toISOString() },
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}
