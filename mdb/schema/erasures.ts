import { index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { EraseEvidence } from '../../domain/clean/erase.ts';
import { eraseMethods } from '../../domain/machine.ts';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';
import { orders } from './orders.ts';

/** The proof that a disk was erased, or where that stands: a row a disk and order, from before its first byte is touched. */
export const erasures = pgTable(
  'erasures',
  {
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    /** The disk's, as in `disks`. */
    serial: text('serial').notNull(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    /** As the disk was called and asked to be erased; `none` for one that a person vouched for. */
    name: text('name').notNull(),
    method: text('method', { enum: [...eraseMethods, 'none'] }).notNull(),
    /**
     * `begun`: marks are written, the rest is not told. `done`: the agent says so; whether that is proof is judged.
     * `vouched`: the disk is not in the machine, and a person answers for it.
     */
    state: text('state', { enum: ['begun', 'done', 'refused', 'failed', 'vouched'] }).notNull(),
    evidence: jsonb('evidence').$type<EraseEvidence>().notNull().default({}),
    begunAt: at('begun_at').notNull().default(now),
    endedAt: at('ended_at'),
  },
  (t) => [primaryKey({ columns: [t.orderId, t.serial] }), index('erasures_machine').on(t.machineId, t.serial)],
);
