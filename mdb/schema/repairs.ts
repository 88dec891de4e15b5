import { bigserial, boolean, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
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

/** The end of each machine's console, as its controller last kept it; scrubbed of whatever looks like a secret. */
export const consoles = pgTable('consoles', {
  machineId: text('machine_id')
    .primaryKey()
    .references(() => machines.id, { onDelete: 'cascade' }),
  readAt: at('read_at').notNull().default(now),
  lines: jsonb('lines').$type<readonly string[]>().notNull(),
  /** Why there is nothing, in words; null when it was read. */
  missing: text('missing'),
});

/** Each attempt at a repair, so that budgets and cool-downs outlive every process. */
export const repairAttempts = pgTable(
  'repair_attempts',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    fault: text('fault').notNull(),
    attempt: text('attempt').notNull(),
    attemptedAt: at('attempted_at').notNull().default(now),
    /** `false_positive`: it cleared before anything was done; null while it is under way. */
    outcome: text('outcome', { enum: ['healed', 'false_positive', 'failed', 'handed-on'] }),
    /** One sentence: what was seen. */
    seen: text('seen'),
  },
  (t) => [index('repair_attempts_machine').on(t.machineId, t.attemptedAt)],
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
    /** What it is, and the serial number of the one that goes back, as far as somebody said. */
    part: text('part'),
    sentSerial: text('sent_serial'),
    /** Serial number of the part that was put in. */
    serial: text('serial'),
    fittedAt: at('fitted_at'),
    fittedBy: text('fitted_by'),
  },
  (t) => [index('replacements_machine').on(t.machineId)],
);

/** A mainboard that a person accepted in place of another one: who the machine was before, and who it is since. */
export const boards = pgTable(
  'boards',
  {
    /** Of the human step in which it was accepted. */
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    acceptedAt: at('accepted_at').notNull().default(now),
    acceptedBy: text('accepted_by').notNull(),
    /** From the label of the new one. */
    serial: text('serial').notNull(),
    before: jsonb('before').notNull(),
    after: jsonb('after').notNull(),
    agreed: jsonb('agreed').$type<readonly string[]>().notNull(),
    differed: jsonb('differed').$type<readonly string[]>().notNull(),
    /** Whether keys of disks went with the old one. */
    keysLost: boolean('keys_lost').notNull(),
  },
  (t) => [index('boards_machine').on(t.machineId, t.acceptedAt)],
);
