import { z } from 'zod';
import * as contract from '../../contract/api.ts';
import { PlacesError } from '../../domain/places/problems.ts';
import { acting, record } from '../../mdb/acting.ts';
import { bmcNetworksOf } from '../../mdb/controllers/controller.ts';
import { listRacks } from '../../mdb/machines/fleet.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import type { App, PeopleDependencies } from './app.ts';
import { checkController } from './controllers.ts';
import { ApiError } from './errors.ts';

const tags = ['places'];
const rack = z.strictObject({
  id: contract.id,
  row: z.string().max(64).optional(),
  feed: z.string().max(64).optional(),
  az: z.string().max(64).optional(),
  units: z.number().int().min(1).max(64).optional(),
  /** Its machines have them too; those that it has stay where none are given. */
  tags: z.record(z.string(), z.string()).optional(),
});
const port = z.strictObject({
  port: z.string().min(1).max(64),
  rack: contract.id,
  unit: z.number().int().min(1).max(64),
  slot: contract.slotText.optional(),
});
const network = z.strictObject({
  id: contract.id,
  kind: z.enum(['birth', 'main', 'bmc']),
  cidr: z.string().max(32),
  gateway: z.string().max(32).optional(),
  dns: z.array(z.string().max(32)).max(8).optional(),
  vlan: z.number().int().optional(),
  assignment: z.enum(['position', 'pool']).optional(),
  pool: z.strictObject({ first: z.string().max(32), last: z.string().max(32) }).optional(),
});
const bmc = z.strictObject({
  origin: z.string().max(200),
  mac: contract.macText.optional(),
  serial: z.string().min(1).max(128).optional(),
  secretRef: contract.id,
});
const places = z.strictObject({
  networks: z.array(network).max(256).optional(),
  racks: z.array(rack).max(2000).optional(),
  switches: z
    .array(
      z.strictObject({
        id: contract.id,
        chassis: z.string().min(1).max(128),
        name: z.string().max(128).optional(),
        ports: z.array(port).max(1024),
      }),
    )
    .max(2000)
    .optional(),
  bmcs: z.array(bmc).max(10_000).optional(),
});

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
        body: places,
        response: { 202: contract.accepted },
      },
    },
    async ({ body, operator }, reply) => {
      // A network that is announced with them counts as well.
      const announced = (body.networks ?? []).flatMap(({ kind, cidr }) => (kind === 'bmc' ? [cidr] : []));
      const allowed = [...(await bmcNetworksOf(mdb, siteId)), ...announced];
      for (const [index, { origin }] of (body.bmcs ?? []).entries()) {
        const problem = checkController(origin, allowed);
        if (problem !== null) throw new ApiError('invalid', problem, `bmcs.${index}.origin`);
      }
      // Absent and undefined differ in types only; JSON has no undefined.
      const given = JSON.parse(JSON.stringify(body)) as Omit<Parameters<typeof definePlaces>[1], 'siteId'>;
      await definePlaces(mdb, { ...given, siteId }).catch((error: unknown) => {
        throw error instanceof PlacesError ? new ApiError('invalid', error.message) : error;
      });
      const counts = Object.fromEntries(Object.entries(body).map(([what, list]) => [what, list?.length ?? 0]));
      await acting(mdb, operator, null, (tx) =>
        record(tx, { actor: operator, action: 'places.define', detail: counts }),
      );
      return reply.code(202).send({ accepted: true });
    },
  );
}
