import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { type ApprovalAct, approvalStates } from '../../domain/approvals.ts';
import type { Grant } from '../../domain/grants.ts';
import type { PlanLine } from '../../domain/steps.ts';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';
import { orders } from './orders.ts';

/** What takes a second person: one row, and none is as one that names nothing. */
export const approvalPolicies = pgTable(
  'approval_policies',
  {
    id: text('id').primaryKey().default('fleet'),
    acts: text('acts').array().$type<ApprovalAct[]>().notNull().default(sql`'{}'`),
    /** How long what was asked waits for its second person, and what was approved for its beginning. */
    hours: integer('hours').notNull().default(24),
    setBy: text('set_by').notNull(),
    setAt: at('set_at').notNull().default(now),
  },
  (t) => [
    check('approval_policies_one', sql`${t.id} = 'fleet'`),
    check('approval_policies_hours', sql`${t.hours} between 1 and 720`),
  ],
);

/** What was asked and takes a second person: the request as it was, and the plan of what it would do. */
export const approvals = pgTable(
  'approvals',
  {
    id: text('id').primaryKey(),
    /** As the API's routes are called, e.g. `POST /orders`. */
    route: text('route').notNull(),
    params: jsonb('params').$type<Readonly<Record<string, unknown>>>().notNull(),
    body: jsonb('body').$type<Readonly<Record<string, unknown>>>().notNull(),
    /** For what of it a second person is needed. */
    acts: text('acts').array().$type<ApprovalAct[]>().notNull(),
    /** What it is, in a few words. */
    what: text('what').notNull(),
    reason: text('reason').notNull(),
    /** The machine whose outage it is; null for more than one, or none. */
    machineId: text('machine_id').references(() => machines.id),
    /** Of whose machines it is; null: of the whole fleet. */
    pools: text('pools').array(),
    plan: jsonb('plan').$type<readonly PlanLine[]>().notNull(),
    /** Of the request and its plan. */
    hash: text('hash').notNull(),
    /** The dry run whose plan belongs to it. */
    rehearsal: text('rehearsal').references(() => orders.id),
    askedBy: text('asked_by').notNull(),
    /** Whose account that was, and who had made it. */
    person: text('person').notNull(),
    maker: text('maker'),
    grants: jsonb('grants').$type<readonly Grant[]>().notNull(),
    askedAt: at('asked_at').notNull().default(now),
    expiresAt: at('expires_at').notNull(),
    state: text('state', { enum: approvalStates }).notNull().default('waiting'),
    decidedBy: text('decided_by'),
    decidedAt: at('decided_at'),
    /** Why it was refused, withdrawn or lapsed. */
    why: text('why'),
    /** As the request was answered when it was done. */
    outcome: jsonb('outcome'),
  },
  (t) => [
    index('approvals_waiting').on(t.askedAt).where(sql`state = 'waiting'`),
    index('approvals_machine').on(t.machineId),
    check('approvals_decided', sql`(${t.state} = 'waiting') = (${t.decidedAt} is null)`),
  ],
);
