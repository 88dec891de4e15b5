import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { Mismatch, MismatchCounts } from '../../contract/rehydrate.ts';
import { at, now } from './columns.ts';

/** Comparisons of the MDB with the workflows that exist: those asked for, and those that found something. */
export const comparisons = pgTable(
  'comparisons',
  {
    id: text('id').primaryKey(),
    /** Who asked for it; null for those that go by themselves. */
    requestedBy: text('requested_by'),
    reason: text('reason'),
    /** Which machines it is about; null for everything. */
    selector: text('selector'),
    /** It only says what it would do. */
    dryRun: boolean('dry_run').notNull().default(false),
    requestedAt: at('requested_at').notNull().default(now),
    beganAt: at('began_at'),
    /** Until then it is the work of the process that took it. */
    leasedUntil: at('leased_until'),
    endedAt: at('ended_at'),
    /** Machines looked at so far. */
    machines: integer('machines').notNull().default(0),
    counts: jsonb('counts').$type<MismatchCounts>().notNull().default({}),
    /** The first of what was found. */
    found: jsonb('found').$type<readonly Mismatch[]>().notNull().default([]),
    /** Why it could not be made; null while it could. */
    error: text('error'),
  },
  (t) => [
    index('comparisons_due').on(t.requestedAt).where(sql`ended_at is null`),
    index('comparisons_ended').on(t.endedAt),
  ],
);
