import * as contract from '../../contract/api.ts';
import { placesRequest } from '../../contract/places.ts';
import { checkController } from '../../domain/controllers.ts';
import { PlacesError } from '../../domain/places/problems.ts';
import { bmcNetworksOf } from '../../mdb/controllers/controller.ts';
import { listRacks } from '../../mdb/places/listing.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';

const tags = ['places'];

/** Racks with what is in them, and the announcement of networks, racks, switches and controllers. */
export function servePlaces(app: App, { mdb, siteId }: PeopleDependencies): void {
  app.get(
    '/racks',
    { schema: { tags, summary: 'Racks and what is in them', response: { 200: contract.rackList } } },
    async () => ({
      racks: await listRacks(mdb),
    }),
  );
  app.post(
    '/places',
    {
      // A site of a hundred racks with their ports and controllers is some 600 KB.
      bodyLimit: 4 * 1024 * 1024,
      schema: {
        tags,
        summary: 'Announces networks, racks, switches and controllers; may be repeated',
        body: placesRequest,
        response: { 202: contract.accepted },
      },
    },
    async ({ body, operator }, reply) => {
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
      return reply.code(202).send({ accepted: true });
    },
  );
}
