import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';

/**
 * Nodes that Farrier took out of their schedulers: a row each, from before it is asked for. A scheduler's own reason
 * tells too little, since it may stay when the node is back, and anybody may write one.
 */
export const drained = pgTable(
  'drained',
  {
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    /** The adapter and the secret that it was reached with, e.g. `slurm:batch`: a name is unique in one scheduler only. */
    scheduler: text('scheduler').notNull(),
    /** The scheduler's name for the machine. */
    node: text('node').notNull(),
    /** The last order that took it. */
    orderId: text('order_id').notNull(),
    takenAt: at('taken_at').notNull().default(now),
    /** When it was seen in service again, by us or by somebody else; null while it is out by us. */
    endedAt: at('ended_at'),
  },
  (t) => [primaryKey({ columns: [t.machineId, t.scheduler, t.node] })],
);
