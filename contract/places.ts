/** Networks, racks, switches and controllers, as whoever has them announces them over the API. */
import { z } from 'zod';
import { impactKinds } from '../domain/places/impact.ts';
import { id, macText, slotText } from './api.ts';

const label = z.string().max(64);
const address = z.string().max(32);

const network = z.strictObject({
  id,
  kind: z.enum(['birth', 'main', 'bmc']),
  cidr: address,
  gateway: address.exactOptional(),
  dns: z.array(address).max(8).exactOptional(),
  vlan: z.int().exactOptional(),
  assignment: z.enum(['position', 'pool']).exactOptional(),
  pool: z.strictObject({ first: address, last: address }).exactOptional(),
});
const rack = z.strictObject({
  id,
  row: label.exactOptional(),
  feed: label.exactOptional(),
  az: label.exactOptional(),
  units: z.int().min(1).max(64).exactOptional(),
  /** Its machines have them too; those that it has stay where none are given. */
  tags: z.record(z.string(), z.string()).exactOptional(),
});
const port = z.strictObject({
  port: label.min(1),
  rack: id,
  unit: z.int().min(1).max(64),
  slot: slotText.exactOptional(),
});
const networkSwitch = z.strictObject({
  id,
  chassis: z.string().min(1).max(128),
  name: z.string().max(128).exactOptional(),
  ports: z.array(port).max(1024),
});
const bmc = z.strictObject({
  origin: z.string().max(200),
  mac: macText.exactOptional(),
  serial: z.string().min(1).max(128).exactOptional(),
  secretRef: id,
});

export const placesRequest = z.strictObject({
  networks: z.array(network).max(256).exactOptional(),
  racks: z.array(rack).max(2000).exactOptional(),
  switches: z.array(networkSwitch).max(2000).exactOptional(),
  bmcs: z.array(bmc).max(10_000).exactOptional(),
});
export type PlacesRequest = z.input<typeof placesRequest>;

const text = z.string().nullable();

export const networkList = z.object({
  networks: z.array(
    z.object({
      id: z.string(),
      site: z.string(),
      kind: z.enum(['birth', 'main', 'bmc']),
      cidr: z.string(),
      gateway: text,
      dns: z.array(z.string()),
      vlan: z.number().nullable(),
      assignment: z.enum(['position', 'pool']),
      addresses: z.number().describe('addresses that may be lent of it'),
      free: z.number(),
      range: z.object({ first: z.string(), last: z.string() }).nullable(),
    }),
  ),
});
export type NetworkView = z.infer<typeof networkList>['networks'][number];

export const switchList = z.object({
  switches: z.array(
    z.object({
      id: z.string(),
      site: z.string(),
      chassis: z.string(),
      name: z.string(),
      ports: z.array(z.object({ port: z.string(), rack: z.string(), unit: z.number(), slot: text })),
    }),
  ),
});
export type SwitchView = z.infer<typeof switchList>['switches'][number];

export const impactParams = z.object({ kind: z.enum(impactKinds), name: z.string().min(1).max(64) });
export const impactView = z.object({
  kind: z.enum(impactKinds),
  name: z.string(),
  machines: z.array(
    z.object({
      machineId: z.string(),
      hostname: text,
      rack: text,
      unit: z.number().nullable(),
      pool: z.string(),
      owner: text,
      stage: z.string(),
      opState: z.string(),
      port: text.describe('of the switch'),
      others: z.number().describe('other switches that lead to it'),
    }),
  ),
  /** Of each pool that loses machines: how many are in production, and how many of those hang on it. */
  pools: z.array(z.object({ pool: z.string(), inProduction: z.number(), hanging: z.number() })),
});
export type ImpactView = z.infer<typeof impactView>;
