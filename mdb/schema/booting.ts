import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';

/** One token a served bootstrap script; redeemed once for a session of the agent. Only hashes are kept. */
export const bootTokens = pgTable(
  'boot_tokens',
  {
    hash: text('hash').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    /** `bootstrap` opens an agent session, `ready` is for the installed system's one report. */
    use: text('use', { enum: ['bootstrap', 'ready'] }).notNull(),
    nonce: text('nonce').notNull().unique(),
    orderId: text('order_id'),
    issuedAt: at('issued_at').notNull().default(now),
    expiresAt: at('expires_at').notNull(),
    redeemedAt: at('redeemed_at'),
    sessionHash: text('session_hash').unique(),
    sessionExpiresAt: at('session_expires_at'),
  },
  (t) => [index('boot_tokens_machine').on(t.machineId, t.issuedAt)],
);

/** Requests and answers of the birther, counted by minute. */
export const bootCounts = pgTable(
  'boot_counts',
  {
    mac: text('mac').notNull(),
    minute: at('minute').notNull(),
    /** Boot state at the request, or `unknown`. */
    state: text('state').notNull(),
    /** What was answered: `bootstrap`, `fast`, `local`, `wait`, `refuse`. */
    answer: text('answer').notNull(),
    requests: integer('requests').notNull(),
    answers: integer('answers').notNull(),
    lastAt: at('last_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.mac, t.minute, t.state, t.answer] }), index('boot_counts_minute').on(t.minute)],
);
