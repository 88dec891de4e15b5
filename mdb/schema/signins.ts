import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';

/**
 * What became of offering a version of the credentials to a controller: one attempt a version, of all processes. A
 * version is a slow, salted hash of the credentials, never the credentials.
 */
export const signIns = pgTable(
  'sign_ins',
  {
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id, { onDelete: 'cascade' }),
    origin: text('origin').notNull(),
    version: text('version').notNull(),
    /** `trying` from before the attempt: what a dead process leaves. `unknown`: the answer never came. */
    state: text('state', { enum: ['trying', 'accepted', 'refused', 'unknown'] }).notNull(),
    at: at('at').notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.machineId, t.origin, t.version] })],
);
