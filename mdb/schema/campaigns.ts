import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { type CampaignPace, campaignStates, memberStates, type PlannedGroup } from '../../domain/campaign/campaign.ts';
import { at, now } from './columns.ts';
import { actorClass, orderClass, passage } from './enums.ts';
import { machines } from './machines.ts';

/** One order over many machines. */
export const campaigns = pgTable(
  'campaigns',
  {
    id: text('id').primaryKey(),
    selector: text('selector').notNull(),
    passage: passage('passage').notNull(),
    request: jsonb('request').$type<Readonly<Record<string, unknown>>>().notNull(),
    class: orderClass('class'),
    reason: text('reason').notNull(),
    requester: text('requester').notNull(),
    /** Whether a person planned it, or Farrier itself. */
    requesterClass: actorClass('requester_class').notNull().default('user'),
    pace: jsonb('pace').$type<CampaignPace>().notNull(),
    /** Machines of each rack, feed and pool that may be under way at once; a group that is missing has no limit. */
    limits: jsonb('limits').$type<Readonly<Record<string, number>>>().notNull().default({}),
    /** What it means for each group, as it was planned. */
    groups: jsonb('groups').$type<readonly PlannedGroup[]>().notNull().default([]),
    /** Failures at which it halts. */
    haltAt: integer('halt_at').notNull(),
    /** SHA-256 of the plan, in hex: what a person starts it by. */
    hash: text('hash').notNull(),
    state: text('state', { enum: campaignStates }).notNull().default('planned'),
    /** Why it stands, where it does, in a sentence; and who paused it, null for a halt. */
    why: text('why'),
    pausedBy: text('paused_by'),
    ticketId: text('ticket_id'),
    /** Failures that a person has looked at and resumed after. */
    forgiven: integer('forgiven').notNull().default(0),
    /** Since when all canaries have succeeded; and when they had stayed healthy long enough. */
    soakFrom: at('soak_from'),
    soakedAt: at('soaked_at'),
    /** A cancel that stops what runs too. */
    stops: boolean('stops').notNull().default(false),
    startedBy: text('started_by'),
    startedClass: actorClass('started_class'),
    createdAt: at('created_at').notNull().default(now),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
  },
  (t) => [
    index('campaigns_created').on(t.createdAt),
    check('campaigns_halt', sql`${t.haltAt} >= 1`),
    check('campaigns_states', sql`${t.state} in (${sql.raw(campaignStates.map((one) => `'${one}'`).join(', '))})`),
  ],
);

/** Who is in a campaign, in which order, and what became of each. */
export const campaignMachines = pgTable(
  'campaign_machines',
  {
    campaignId: text('campaign_id')
      .notNull()
      .references(() => campaigns.id),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    ordinal: integer('ordinal').notNull(),
    /** 0 is the canary. */
    batch: integer('batch').notNull(),
    /** Where it stood when it was planned: what its group's share is counted by. */
    rack: text('rack'),
    feed: text('feed'),
    pool: text('pool').notNull(),
    /** Why it would be skipped, as it stood when it was planned. */
    doubt: text('doubt'),
    state: text('state', { enum: memberStates }).notNull().default('planned'),
    orderId: text('order_id'),
    outcome: text('outcome'),
    orderedAt: at('ordered_at'),
    endedAt: at('ended_at'),
  },
  (t) => [
    primaryKey({ columns: [t.campaignId, t.machineId] }),
    index('campaign_machines_next').on(t.campaignId, t.state, t.batch, t.ordinal),
    check(
      'campaign_machines_states',
      sql`${t.state} in (${sql.raw(memberStates.map((one) => `'${one}'`).join(', '))})`,
    ),
  ],
);
