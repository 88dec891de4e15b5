import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { StateBefore } from '../../domain/permits/before.ts';
import { permitOperations } from '../../domain/permits/groups.ts';
import type { PermitWindow } from '../../domain/permits/window.ts';
import { at, now } from './columns.ts';
import { orderClass } from './enums.ts';
import { machines } from './machines.ts';

/**
 * Policy of the semaphores, by name. `*` stands for every tag or value; the row that names most counts, and where none
 * does the defaults of `domain/permits/policy.ts`.
 */
export const semaphores = pgTable(
  'semaphores',
  {
    operation: text('operation').notNull(),
    tag: text('tag').notNull(),
    value: text('value').notNull(),
    /** Members of the group that may be out of service at once: a number … */
    capacity: integer('capacity'),
    /** … or a percentage of the group, rounded down. */
    percent: integer('percent'),
    /** At least so many, however small the group. */
    minimum: integer('minimum').notNull().default(1),
    /** Requests that may wait; further ones are refused. */
    queueBound: integer('queue_bound').notNull().default(5000),
    /** Seconds after which a silent holder is looked at. */
    leaseSeconds: integer('lease_seconds').notNull().default(3600),
    /** Seconds after which a running holder that has renewed nothing is overdue. */
    limitSeconds: integer('limit_seconds').notNull().default(86_400),
    /** Percentage of the group that must stay offerable; null: no such gate. */
    minHealthy: integer('min_healthy'),
    /** Grants within any minute at most; null: as fast as permits come back. */
    perMinute: integer('per_minute'),
    /** When it may grant; empty: at any time. */
    windows: jsonb('windows').$type<readonly PermitWindow[]>().notNull().default([]),
    updatedBy: text('updated_by').notNull(),
    reason: text('reason').notNull(),
    updatedAt: at('updated_at').notNull().default(now),
  },
  (t) => [
    primaryKey({ columns: [t.operation, t.tag, t.value] }),
    check('semaphores_one_capacity', sql`(${t.capacity} is null) <> (${t.percent} is null)`),
    check('semaphores_capacity', sql`${t.capacity} between 0 and 100000 and ${t.minimum} between 0 and 100000`),
    check('semaphores_percent', sql`${t.percent} between 0 and 100 and ${t.minHealthy} between 0 and 100`),
    // More would not fit into what one run hands to the next.
    check('semaphores_bound', sql`${t.queueBound} between 0 and 7000`),
    check('semaphores_rate', sql`${t.perMinute} between 1 and 100000`),
    check('semaphores_lease', sql`${t.leaseSeconds} between 10 and 604800 and ${t.limitSeconds} >= ${t.leaseSeconds}`),
  ],
);

/** By which names an operation takes permits beside the fleet's; no row: `standardGroups` of `domain/permits/groups.ts`. */
export const permitGroups = pgTable(
  'permit_groups',
  {
    operation: text('operation', { enum: permitOperations }).primaryKey(),
    /** Names of columns and tags, widest first. */
    tags: text('tags').array().notNull(),
    updatedBy: text('updated_by').notNull(),
    reason: text('reason').notNull(),
    updatedAt: at('updated_at').notNull().default(now),
  },
  (t) => [check('permit_groups_bound', sql`cardinality(${t.tags}) <= 8`)],
);

/** What each semaphore last said of itself: a cache for people, written with its grants. */
export const semaphoreStates = pgTable('semaphore_states', {
  id: text('id').primaryKey(),
  capacity: integer('capacity').notNull(),
  /** Why those in front do not go on; null while there is room. */
  gate: text('gate'),
  gateUntil: at('gate_until'),
  updatedAt: at('updated_at').notNull().default(now),
});

/** The ledger: every request for a permit, what became of it, and the fence that it was granted with. */
export const permits = pgTable(
  'permits',
  {
    /** Minted by the requester. */
    id: text('id').primaryKey(),
    semaphore: text('semaphore').notNull(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    class: orderClass('class').notNull(),
    /** Workflow that holds it; null for the image system on the machine itself. */
    workflowId: text('workflow_id'),
    orderId: text('order_id'),
    state: text('state', { enum: ['waiting', 'granted', 'closed'] })
      .notNull()
      .default('waiting'),
    fence: bigint('fence', { mode: 'number' }),
    /** How it ended, why, and by whom where a person did it. */
    how: text('how', { enum: ['released', 'cancelled', 'evicted', 'expired', 'refused'] }),
    why: text('why'),
    by: text('by'),
    requestedAt: at('requested_at').notNull().default(now),
    grantedAt: at('granted_at'),
    closedAt: at('closed_at'),
    overdueAt: at('overdue_at'),
    /** Why it is overdue. */
    overdue: text('overdue'),
    /** How the machine stood when it was granted, to compare with when its holder is gone. */
    before: jsonb('before').$type<StateBefore>(),
  },
  (t) => [
    index('permits_open').on(t.semaphore).where(sql`state <> 'closed'`),
    index('permits_granted').on(t.semaphore, t.grantedAt),
    index('permits_machine').on(t.machineId, t.requestedAt),
    check('permits_fenced', sql`${t.state} <> 'granted' or ${t.fence} is not null`),
  ],
);
