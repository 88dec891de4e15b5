import { bigserial, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';
import { orders } from './orders.ts';

/** What was known of a machine when its repair began or went to a person: readings, logs, tests, acts. */
export const bundles = pgTable(
  'bundles',
  {
    /** `<order>:<number>`. */
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    fault: text('fault').notNull(),
    madeAt: at('made_at').notNull().default(now),
    document: jsonb('document').notNull(),
  },
  (t) => [index('bundles_machine').on(t.machineId, t.madeAt)],
);

/** Each rung of the ladder that was climbed, so that budgets and cool-downs outlive every process. */
export const rungs = pgTable(
  'rungs',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    fault: text('fault').notNull(),
    rung: text('rung').notNull(),
    climbedAt: at('climbed_at').notNull().default(now),
    /** `healed`, `failed`, `handed-on`; null while it is under way. */
    outcome: text('outcome', { enum: ['healed', 'failed', 'handed-on'] }),
    /** One sentence: what was seen. */
    seen: text('seen'),
  },
  (t) => [index('rungs_machine').on(t.machineId, t.climbedAt)],
);

/** A part that goes back to its maker, and the one that takes its place. */
export const replacements = pgTable(
  'replacements',
  {
    /** The maker's number for it. */
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    fault: text('fault').notNull(),
    openedAt: at('opened_at').notNull().default(now),
    openedBy: text('opened_by').notNull(),
    /** Serial number of the part that was put in. */
    serial: text('serial'),
    fittedAt: at('fitted_at'),
    fittedBy: text('fitted_by'),
  },
  (t) => [index('replacements_machine').on(t.machineId)],
);
