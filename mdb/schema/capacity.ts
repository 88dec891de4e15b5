import { sql } from 'drizzle-orm';
import { check, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { minimumUnits } from '../../domain/machine.ts';
import { at, now } from './columns.ts';

/** How many machines of a group must stay in service, whatever automation wants. No row, no minimum. */
export const capacityRules = pgTable(
  'capacity_rules',
  {
    /** `fleet`, or the name of a column or tag, by whose values there is a group each. */
    scope: text('scope').notNull(),
    /** Value of that column or tag; `*` for each one that has no rule of its own, and for the fleet. */
    name: text('name').notNull().default('*'),
    min: integer('min').notNull(),
    unit: text('unit', { enum: minimumUnits }).notNull(),
    setBy: text('set_by').notNull(),
    setAt: at('set_at').notNull().default(now),
  },
  (t) => [
    primaryKey({ columns: [t.scope, t.name] }),
    check('capacity_rules_min', sql`${t.min} >= 0 and (${t.unit} = 'count' or ${t.min} <= 100)`),
    check('capacity_rules_fleet', sql`${t.scope} <> 'fleet' or ${t.name} = '*'`),
  ],
);

/** The storm brake: one row, its limits and whether it holds everything. */
export const brakes = pgTable(
  'brakes',
  {
    id: text('id').primaryKey().default('fleet'),
    /** Machines that may leave production a minute. */
    perMinute: integer('per_minute').notNull().default(30),
    /** Share of one pool, rack or feed, in percent, that may leave within the window; 100 switches it off. */
    share: integer('share').notNull().default(50),
    /** Machines that left a group below which its share is not looked at: half of a rack of four is no storm. */
    shareFloor: integer('share_floor').notNull().default(5),
    windowMinutes: integer('window_minutes').notNull().default(10),
    coolMinutes: integer('cool_minutes').notNull().default(30),
    engagedAt: at('engaged_at'),
    /** When it lets go by itself; null while engaged: not before a person releases it. */
    coolUntil: at('cool_until'),
    reason: text('reason'),
    engagedBy: text('engaged_by'),
    ticketId: text('ticket_id'),
    /** What left before this is forgiven: a release would else end with the next machine that leaves. */
    countedFrom: at('counted_from'),
    /** Until then a person has switched it off. */
    overrideUntil: at('override_until'),
    overrideBy: text('override_by'),
  },
  (t) => [
    check('brakes_one', sql`${t.id} = 'fleet'`),
    check('brakes_limits', sql`${t.perMinute} >= 1 and ${t.share} between 1 and 100 and ${t.shareFloor} >= 1`),
    check('brakes_times', sql`${t.windowMinutes} between 1 and 1440 and ${t.coolMinutes} between 1 and 10080`),
  ],
);
