import { z } from 'zod';
import * as contract from '../../contract/api.ts';
import * as places from '../../contract/places.ts';
import { checkController } from '../../domain/controllers.ts';
import { PlacesError } from '../../domain/places/problems.ts';
import { suggest } from '../../domain/suggest.ts';
import { bmcNetworksOf } from '../../mdb/controllers/controller.ts';
import { countInProduction, listDependents, listNamesOf } from '../../mdb/places/impact.ts';
import { listCabling, listNetworks, listRacks, listSwitches } from '../../mdb/places/listing.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import { ApiError } from './errors.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

/** Racks with what is in them, and the announcement of networks, racks, switches and controllers. */
export const placeRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/racks',
    tag: 'places',
    summary: 'Racks and what is in them',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    answers: { 200: contract.rackList },
    handle: async ({ pools, mdb }) => ({
      racks: await listRacks(mdb, pools),
    }),
  }),
  route({
    method: 'GET',
    path: '/racks/:id',
    tag: 'places',
    summary: 'One rack as it is cabled',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    params: z.strictObject({ id: contract.id }),
    answers: { 200: contract.rackCabling },
    handle: async ({ params: { id }, pools, mdb }) => {
      const [[rack], ports] = await Promise.all([listRacks(mdb, pools, id), listCabling(mdb, pools, id)]);
      if (rack === undefined) throw new ApiError('not-found', `there is no rack ${id}`, 'id');
      return { rack, ports };
    },
  }),
  route({
    method: 'GET',
    path: '/networks',
    tag: 'places',
    summary: 'Networks, and how many of their addresses are free',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: places.networkList },
    handle: async ({ mdb }) => ({
      networks: (await listNetworks(mdb)).map(({ dns, ...rest }) => ({ ...rest, dns: [...dns] })),
    }),
  }),
  route({
    method: 'GET',
    path: '/switches',
    tag: 'places',
    summary: 'Switches, and where their ports lead',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: places.switchList },
    handle: async ({ mdb }) => ({
      switches: (await listSwitches(mdb)).map(({ ports, ...rest }) => ({ ...rest, ports: [...ports] })),
    }),
  }),
  route({
    method: 'GET',
    path: '/impact/:kind/:name',
    tag: 'places',
    summary: 'What hangs on a switch, a feed or a rack',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    params: places.impactParams,
    answers: { 200: places.impactView },
    handle: async ({ params: { kind, name }, mdb }) => {
      const machines = await listDependents(mdb, kind, name);
      if (machines === null)
        throw new ApiError('not-found', `there is no ${kind} ${name}${suggest(name, await listNamesOf(mdb, kind))}`);
      const hanging = machines.filter(({ stage, opState }) => stage === 'in_service' && opState === 'production');
      const inProduction = await countInProduction(mdb);
      const pools = [...new Set(hanging.map(({ pool }) => pool))].sort().map((pool) => ({
        pool,
        inProduction: inProduction.get(pool) ?? 0,
        hanging: hanging.filter((one) => one.pool === pool).length,
      }));
      return { kind, name, machines, pools };
    },
  }),
  route({
    method: 'POST',
    path: '/places',
    tag: 'places',
    summary: 'Announces networks, racks, switches and controllers; may be repeated',
    right: { role: 'operator', of: 'site' },
    effect: 'write',
    body: places.placesRequest,
    answers: { 202: contract.accepted },
    bodyLimit: 4 * 1024 * 1024,
    handle: async ({ body, operator, mdb, siteId }) => {
      const announced = (body.networks ?? []).flatMap(({ kind, cidr }) => (kind === 'bmc' ? [cidr] : []));
      // A network that is announced with them counts as well.
      const allowed = [...(await bmcNetworksOf(mdb, siteId)), ...announced];
      for (const [index, { origin }] of (body.bmcs ?? []).entries()) {
        const problem = checkController(origin, allowed);
        if (problem !== null) throw new ApiError('invalid', problem, `bmcs.${index}.origin`);
      }
      await definePlaces(mdb, operator, { ...body, siteId }).catch((error: unknown) => {
        throw error instanceof PlacesError ? new ApiError('invalid', error.message) : error;
      });
      return acceptance;
    },
  }),
];
