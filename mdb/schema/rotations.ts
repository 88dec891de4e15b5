import { sql } from 'drizzle-orm';
import { pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';

/** Changes of a controller's password that were sent: which of two secrets is in force is open until it is settled. */
export const rotations = pgTable(
  'rotations',
  {
    /** That of its intent. */
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id, { onDelete: 'cascade' }),
    /** References into the secret store, never secrets. */
    fromRef: text('from_ref').notNull(),
    toRef: text('to_ref').notNull(),
    /** Resource of the account at the controller. */
    account: text('account').notNull(),
    sentAt: at('sent_at').notNull().default(now),
    /** When the controller refused the new password; what was refused is not offered again. */
    newRefusedAt: at('new_refused_at'),
    inForce: text('in_force', { enum: ['new', 'old', 'neither'] }),
    settledAt: at('settled_at'),
  },
  (t) => [uniqueIndex('rotations_open').on(t.machineId).where(sql`${t.settledAt} is null`)],
);
