import { sql } from 'drizzle-orm';
import { bigint, bigserial, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at, now } from './columns.ts';
import { actorClass } from './enums.ts';

/** What is to be sent to a workflow; written in the transaction that made it true, delivered at least once. */
export const outbox = pgTable(
  'outbox',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    /** De-duplication id, minted by the writer; receivers drop repeats. */
    key: text('key').notNull().unique(),
    /** Null for a message to a semaphore, a campaign, an adoption or the reconciler. */
    machineId: text('machine_id'),
    orderId: text('order_id'),
    kind: text('kind', {
      enum: [
        'order',
        'report',
        'answer',
        'cancel',
        'pause',
        'resume',
        'takeover',
        'permit',
        'campaign',
        'reconcile',
        'adoption',
      ],
    }).notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    createdAt: at('created_at').notNull().default(now),
    nextAt: at('next_at').notNull().default(now),
    attempts: integer('attempts').notNull().default(0),
    deliveredAt: at('delivered_at'),
    /** Why it will never be delivered (its order ended); such a row counts as delivered. */
    dropped: text('dropped'),
    error: text('error'),
  },
  (t) => [
    index('outbox_due').on(t.nextAt, t.id).where(sql`delivered_at is null`),
    index('outbox_order').on(t.orderId).where(sql`order_id is not null`),
  ],
);

/** Every change of a guarded column, written by a trigger; append-only. */
export const stateHistory = pgTable(
  'state_history',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: at('at').notNull().default(sql`clock_timestamp()`),
    machineId: text('machine_id').notNull(),
    guarded: text('guarded').notNull(),
    from: text('from'),
    to: text('to').notNull(),
    actor: text('actor').notNull(),
    orderId: text('order_id'),
  },
  (t) => [
    index('state_history_machine').on(t.machineId, t.id),
    // The storm brake counts who left production in the last minutes.
    index('state_history_departures').on(t.at).where(sql`guarded = 'op_state' and "from" = 'production'`),
  ],
);

/** Who did what and why; append-only and hash-chained by a trigger. Insert it last in a transaction. */
export const audit = pgTable(
  'audit',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: at('at').notNull().default(sql`clock_timestamp()`),
    actorClass: actorClass('actor_class').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    machineId: text('machine_id'),
    orderId: text('order_id'),
    detail: jsonb('detail').notNull().default({}),
    previous: text('previous').notNull().default(''),
    hash: text('hash').notNull().default(''),
  },
  (t) => [
    index('audit_machine').on(t.machineId, t.id),
    index('audit_order').on(t.orderId, t.id).where(sql`order_id is not null`),
    index('audit_actor').on(t.actor, t.id),
    // Rows are appended in the order of their times, so a few pages say where a span begins.
    index('audit_at').using('brin', t.at),
  ],
);

/** How far the audit was verified, and each place outside has it: rows of the chain up to one, in its order. */
export const auditMarks = pgTable('audit_marks', {
  /** `verified`, or `stream ` and the place. */
  id: text('id').primaryKey(),
  row: bigint('row', { mode: 'number' }).notNull().default(0),
  /** Hash of that row; empty before the first. */
  hash: text('hash').notNull().default(''),
  /** Rows up to there. */
  rows: bigint('rows', { mode: 'number' }).notNull().default(0),
  /** Time of that row. */
  rowAt: at('row_at'),
  /** When the chain was last walked from its first row; for `verified` only. */
  wholeAt: at('whole_at'),
  /** Why it goes no further; null while it does. */
  trouble: text('trouble'),
  updatedAt: at('updated_at').notNull().default(now),
});

export const legalEdgesTable = pgTable(
  'legal_edges',
  {
    guarded: text('guarded').notNull(),
    from: text('from').notNull(),
    to: text('to').notNull(),
  },
  (t) => [primaryKey({ columns: [t.guarded, t.from, t.to] })],
);
