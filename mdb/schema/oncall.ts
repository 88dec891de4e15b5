import { sql } from 'drizzle-orm';
import { bigserial, check, date, index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { at, now } from './columns.ts';

/** Who of a team is on call: its people in order, each for so many days. */
export const oncall = pgTable(
  'oncall',
  {
    team: text('team').primaryKey(),
    people: text('people').array().notNull(),
    /** Day on which the first of them takes over. */
    first: date('first').notNull(),
    /** Days a shift. */
    days: integer('days').notNull().default(7),
    /** Time of day of the hand-over, `HH:MM`, in this time zone. */
    handover: text('handover').notNull().default('09:00'),
    zone: text('zone').notNull().default('UTC'),
    updatedAt: at('updated_at').notNull().default(now),
  },
  (t) => [
    check('oncall_days', sql`${t.days} between 1 and 366`),
    check('oncall_people', sql`cardinality(${t.people}) > 0`),
  ],
);

/** Somebody else for a while: from its beginning, and no longer at its end. Of several, the last one made holds. */
export const oncallSwaps = pgTable(
  'oncall_swaps',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    team: text('team')
      .notNull()
      .references(() => oncall.team),
    person: text('person').notNull(),
    from: at('from').notNull(),
    until: at('until').notNull(),
    by: text('by').notNull(),
  },
  (t) => [index('oncall_swaps_team').on(t.team, t.until), check('oncall_swaps_order', sql`${t.from} < ${t.until}`)],
);
