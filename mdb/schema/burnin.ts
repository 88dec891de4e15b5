import { boolean, index, pgTable, primaryKey, real, text, unique } from 'drizzle-orm/pg-core';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';
import { orders } from './orders.ts';

export const burnins = pgTable(
  'burnins',
  {
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    profileId: text('profile_id'),
    startedAt: at('started_at').notNull().default(now),
    endedAt: at('ended_at'),
    /** 0 to 100, as last reported. */
    progress: real('progress').notNull().default(0),
    /** Whether the agent broke it off at the time cap. */
    cut: boolean('cut').notNull().default(false),
    /** `pass`, `fail` (a part failed), `below` (slower than its peers allow) or `cut` (time cap). */
    verdict: text('verdict', { enum: ['pass', 'fail', 'below', 'cut'] }),
    /** One sentence naming the device and the figure. */
    finding: text('finding'),
  },
  (t) => [unique('burnins_order').on(t.orderId)],
);

export const burninParts = pgTable(
  'burnin_parts',
  {
    burninId: text('burnin_id')
      .notNull()
      .references(() => burnins.id),
    /** `stress` looks for faults, `benchmark` yields a figure. */
    kind: text('kind', { enum: ['stress', 'benchmark'] }).notNull(),
    /** `cpu`, `memory`, `disk` or `network`. */
    subject: text('subject').notNull(),
    device: text('device').notNull(),
    ok: boolean('ok').notNull(),
    value: real('value'),
    unit: text('unit'),
    message: text('message'),
    seconds: real('seconds').notNull(),
    product: text('product'),
  },
  (t) => [
    primaryKey({ columns: [t.burninId, t.kind, t.subject, t.device] }),
    index('burnin_parts_peers').on(t.product, t.subject, t.unit),
  ],
);
