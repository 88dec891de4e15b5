import * as contract from '../../contract/api.ts';
import { placesRequest } from '../../contract/places.ts';
import { checkController } from '../../domain/controllers.ts';
import { PlacesError } from '../../domain/places/problems.ts';
import { bmcNetworksOf } from '../../mdb/controllers/controller.ts';
import { listRacks } from '../../mdb/places/listing.ts';
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
    method: 'POST',
    path: '/places',
    tag: 'places',
    summary: 'Announces networks, racks, switches and controllers; may be repeated',
    right: { role: 'operator', of: 'site' },
    effect: 'write',
    body: placesRequest,
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
