import { sql } from 'drizzle-orm';
import { bigserial, check, index, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { ReconcileSummary } from '../../contract/reconcile.ts';
import { driftKinds, driftSources } from '../../domain/drift/drift.ts';
import type { PartSheet } from '../../domain/drift/sheet.ts';
import { campaigns } from './campaigns.ts';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';
import { sites } from './places.ts';

/** What a machine was found to be other than is wanted of it, or what could not be read of it. */
export const drifts = pgTable(
  'drifts',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    kind: text('kind', { enum: driftKinds }).notNull(),
    /** BIOS attribute, component of the firmware, or kind of part. */
    name: text('name').notNull(),
    want: text('want').notNull(),
    /** Null while it is not known. */
    have: text('have'),
    source: text('source', { enum: driftSources }),
    /** What else there is to say, in a sentence. */
    note: text('note'),
    firstSeenAt: at('first_seen_at').notNull().default(now),
    lastSeenAt: at('last_seen_at').notNull().default(now),
    /** Since when nothing is known of it; null while it is. */
    unknownSince: at('unknown_since'),
    resolvedAt: at('resolved_at'),
    /** The last campaign that was to put it right. */
    campaignId: text('campaign_id').references(() => campaigns.id),
    proposedAt: at('proposed_at'),
  },
  (t) => [
    uniqueIndex('drifts_open').on(t.machineId, t.kind, t.name).where(sql`resolved_at is null`),
    index('drifts_machine').on(t.machineId, t.id),
    index('drifts_campaign').on(t.campaignId),
    check('drifts_known', sql`${t.have} is not null or ${t.unknownSince} is not null`),
  ],
);

/** Rounds of the reconciler; an id is that of the workflow's run. */
export const reconciles = pgTable(
  'reconciles',
  {
    id: text('id').primaryKey(),
    siteId: text('site_id')
      .notNull()
      .references(() => sites.id),
    beganAt: at('began_at').notNull().default(now),
    endedAt: at('ended_at'),
    summary: jsonb('summary').$type<ReconcileSummary>(),
  },
  (t) => [index('reconciles_site').on(t.siteId, t.beganAt)],
);

/** What a machine was made of when it was first in service, or when a person said that it is right so. */
export const hardwareSheets = pgTable('hardware_sheets', {
  machineId: text('machine_id')
    .primaryKey()
    .references(() => machines.id),
  /** By its agent; and by its controller, once that was read. */
  host: jsonb('host').$type<PartSheet>().notNull(),
  controller: jsonb('controller').$type<PartSheet>(),
  takenAt: at('taken_at').notNull().default(now),
  takenBy: text('taken_by').notNull(),
});
