import { sql } from 'drizzle-orm';
import { index, inet, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { at } from './columns.ts';
import { machines } from './machines.ts';
import { networks } from './places.ts';

/** One row an address that Farrier may hand out; a burst of allocations takes rows with SKIP LOCKED. */
export const addresses = pgTable(
  'addresses',
  {
    address: inet('address').primaryKey(),
    networkId: text('network_id')
      .notNull()
      .references(() => networks.id),
    machineId: text('machine_id').references(() => machines.id),
    takenAt: at('taken_at'),
  },
  (t) => [
    uniqueIndex('addresses_machine').on(t.networkId, t.machineId).where(sql`machine_id is not null`),
    index('addresses_free').on(t.networkId, t.address).where(sql`machine_id is null`),
  ],
);
