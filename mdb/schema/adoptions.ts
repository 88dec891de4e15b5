import { sql } from 'drizzle-orm';
import { boolean, index, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { type AdoptionRequest, adoptionStates } from '../../domain/adoption.ts';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';
import { sites } from './places.ts';

/** Machines that are taken in by their controller's address alone. */
export const adoptions = pgTable(
  'adoptions',
  {
    id: text('id').primaryKey(),
    siteId: text('site_id')
      .notNull()
      .references(() => sites.id),
    origin: text('origin').notNull(),
    /** Name of the secret; the secret itself is in the secret store, never here. */
    secretRef: text('secret_ref').notNull(),
    requester: text('requester').notNull(),
    reason: text('reason').notNull(),
    request: jsonb('request').$type<AdoptionRequest>().notNull(),
    dryRun: boolean('dry_run').notNull(),
    /** Hash of the plan that was reviewed. */
    reviewed: text('reviewed'),
    state: text('state', { enum: adoptionStates }).notNull().default('waiting'),
    /** Version of the credentials that were offered, and what became of that: as in `sign_ins`, where there is no machine yet. */
    version: text('version'),
    signIn: text('sign_in', { enum: ['trying', 'accepted', 'refused', 'unknown'] }),
    why: text('why'),
    plan: jsonb('plan').$type<readonly string[]>().notNull().default([]),
    hash: text('hash'),
    machineId: text('machine_id').references(() => machines.id, { onDelete: 'set null' }),
    orderId: text('order_id'),
    requestedAt: at('requested_at').notNull().default(now),
    endedAt: at('ended_at'),
  },
  (t) => [
    // Two at once would both sign in, and each take the other's machine for a stranger's.
    uniqueIndex('adoptions_waiting').on(t.origin).where(sql`state = 'waiting'`),
    index('adoptions_origin').on(t.origin),
  ],
);
