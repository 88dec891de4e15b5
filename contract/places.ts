/** Networks, racks, switches and controllers, as whoever has them announces them over the API. */
import { z } from 'zod';
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
