import { sql } from 'drizzle-orm';
import { bigint, bigserial, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { changeKinds } from '../../domain/changes.ts';
import { at, now } from './columns.ts';

/**
 * That something changed, written by triggers, for those who follow; kept for a while. Ids are given before their
 * transactions commit, so whoever reads takes only rows of transactions that none still open is older than.
 */
export const changeLog = pgTable(
  'changes',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    transaction: bigint('transaction', { mode: 'number' }).notNull().default(sql`(pg_current_xact_id()::text)::bigint`),
    at: at('at').notNull().default(sql`clock_timestamp()`),
    kind: text('kind', { enum: changeKinds }).notNull(),
    /** Id of what changed; for a step that of its order. */
    subject: text('subject').notNull(),
    machineId: text('machine_id'),
  },
  (t) => [index('changes_transaction').on(t.transaction, t.id)],
);

/** Requests that may be repeated, by the key that their caller gave, and what the first of them was answered. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    operator: text('operator').notNull(),
    /** Method and path of the route. */
    route: text('route').notNull(),
    key: text('key').notNull(),
    /** SHA-256 of the body, in hex. */
    body: text('body').notNull(),
    /** Null until the first of them is done. */
    status: integer('status'),
    answer: jsonb('answer'),
    createdAt: at('created_at').notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.operator, t.route, t.key] }), index('idempotency_keys_age').on(t.createdAt)],
);

/** What cursors of lists are sealed with: one row, the same for all processes of the API. */
export const cursorKey = pgTable('cursor_key', {
  key: text('key').primaryKey().default(sql`replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')`),
});
