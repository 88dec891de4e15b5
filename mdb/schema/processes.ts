import { sql } from 'drizzle-orm';
import { check, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { FlowsDescription } from '../../domain/steps.ts';
import { at, now } from './columns.ts';

/** Farrier's own processes as they were last seen: each writes its row while it works. */
export const processes = pgTable(
  'processes',
  {
    /** What it does: `dispatch`, `lifecycle`, `hardware`, `birther` or `agents`. */
    name: text('name').notNull(),
    siteId: text('site_id').notNull(),
    /** Host and process id, so that several are told apart. */
    instance: text('instance').notNull(),
    seenAt: at('seen_at').notNull().default(now),
    startedAt: at('started_at').notNull().default(now),
    /** By how many milliseconds its clock was ahead of the MDB's. */
    clockAhead: integer('clock_ahead').notNull().default(0),
    /** Of one that runs workflows: the passages as it defines them. */
    flows: jsonb('flows').$type<FlowsDescription>(),
  },
  (t) => [primaryKey({ columns: [t.name, t.siteId, t.instance] }), check('processes_name', sql`${t.name} <> ''`)],
);
