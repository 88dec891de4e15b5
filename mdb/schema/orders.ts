import { sql } from 'drizzle-orm';
import { bigserial, boolean, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { AnswerSchema } from '../../domain/question.ts';
import type { PlanLine, StepDetail } from '../../domain/steps.ts';
import { campaigns } from './campaigns.ts';
import { at, now } from './columns.ts';
import { actorClass, orderClass, orderState, passage, stepState } from './enums.ts';
import { machines } from './machines.ts';

export const orders = pgTable(
  'orders',
  {
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    passage: passage('passage').notNull(),
    requester: text('requester').notNull(),
    /** Whether that is a person, the machine, or Farrier itself. */
    requesterClass: actorClass('requester_class').notNull().default('user'),
    reason: text('reason').notNull(),
    class: orderClass('class').notNull().default('maintenance'),
    /** What this passage was asked to do, as its contract says; references only, never a secret. */
    request: jsonb('request').$type<Readonly<Record<string, unknown>>>().notNull().default({}),
    dryRun: boolean('dry_run').notNull().default(false),
    /** Hash of the plan that was reviewed: the order is done only if its plan is still that one. */
    reviewed: text('reviewed'),
    notBefore: at('not_before'),
    deadline: at('deadline'),
    /** The campaign that it is one of. */
    campaignId: text('campaign_id').references(() => campaigns.id),
    state: orderState('state').notNull().default('waiting'),
    /** For people; nothing is decided by its words. */
    outcome: text('outcome'),
    /** It ended and left the machine as it was, for a reason that is no fault of the machine. */
    skipped: boolean('skipped').notNull().default(false),
    /** Who paused it; null while it goes on. */
    pausedBy: text('paused_by'),
    /** Who does the rest of it by hand; null while Farrier does. */
    takenOverBy: text('taken_over_by'),
    /** How often its passage was begun: a writer of an earlier run is refused. */
    epoch: integer('epoch').notNull().default(0),
    createdAt: at('created_at').notNull().default(now),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
  },
  (t) => [
    uniqueIndex('orders_one_running').on(t.machineId).where(sql`state = 'running'`),
    uniqueIndex('orders_one_birth').on(t.machineId).where(sql`passage = 'birth' and state in ('waiting', 'running')`),
    index('orders_state').on(t.state, t.createdAt),
    index('orders_machine').on(t.machineId, t.createdAt),
  ],
);

/** What an order would do, as its rehearsal found; the lines are those of `PlanLine`. */
export const plans = pgTable('plans', {
  orderId: text('order_id')
    .primaryKey()
    .references(() => orders.id),
  /** SHA-256 of the lines, in hex. */
  hash: text('hash').notNull(),
  lines: jsonb('lines').$type<readonly PlanLine[]>().notNull(),
  madeAt: at('made_at').notNull().default(now),
});

export const steps = pgTable(
  'steps',
  {
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    name: text('name').notNull(),
    /** `passage` steps are Farrier's own, `agent` steps are reported from the bootstrap image. */
    source: text('source', { enum: ['passage', 'agent'] }).notNull(),
    ordinal: integer('ordinal').notNull(),
    state: stepState('state').notNull().default('running'),
    owner: text('owner').notNull(),
    attempt: integer('attempt').notNull().default(1),
    startedAt: at('started_at').notNull().default(now),
    /** When this step is late; every running step has one, so that *stuck* is a query. */
    limitAt: at('limit_at').notNull(),
    endedAt: at('ended_at'),
    detail: jsonb('detail').$type<StepDetail>().notNull().default({}),
  },
  (t) => [
    primaryKey({ columns: [t.orderId, t.name] }),
    index('steps_open').on(t.limitAt).where(sql`state in ('running', 'held')`),
  ],
);

export const tickets = pgTable(
  'tickets',
  {
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    /** Names the fault, so that one fault has one open ticket, e.g. `register/unknown-port`. */
    fault: text('fault').notNull(),
    title: text('title').notNull(),
    body: text('body').notNull(),
    /** Team whose it is. */
    owner: text('owner').notNull().default('operations'),
    openedAt: at('opened_at').notNull().default(now),
    closedAt: at('closed_at'),
    closedBy: text('closed_by'),
    /** Why it is closed, in a sentence. */
    closedWhy: text('closed_why'),
  },
  (t) => [uniqueIndex('tickets_one_open').on(t.machineId, t.fault).where(sql`closed_at is null`)],
);

export const humanSteps = pgTable(
  'human_steps',
  {
    /** `<orderId>:<step>:<attempt>`: an answer to an older attempt cannot match a newer question. */
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    step: text('step').notNull(),
    ticketId: text('ticket_id')
      .notNull()
      .references(() => tickets.id),
    owner: text('owner').notNull(),
    question: text('question').notNull(),
    /** What may be answered, e.g. `{retry, abandon}`. */
    choices: text('choices').array().notNull(),
    /** The answer that closing the ticket gives; null where a closing says too little to go on. */
    onClose: text('on_close'),
    /** What an answer has to tell besides its choice; null for nothing. */
    schema: jsonb('schema').$type<AnswerSchema>(),
    /** Who may answer. */
    roles: text('roles', { enum: ['operator', 'admin'] })
      .array()
      .notNull()
      .default(sql`'{operator,admin}'`),
    /** From when on whoever is on call is notified. */
    deadlineAt: at('deadline_at'),
    reminders: integer('reminders').notNull().default(0),
    escalatedTo: text('escalated_to'),
    openedAt: at('opened_at').notNull().default(now),
    remindAt: at('remind_at').notNull(),
    answeredAt: at('answered_at'),
    answer: text('answer'),
    answeredBy: text('answered_by'),
    note: text('note'),
    /** What the answer told, as the schema has it. */
    data: jsonb('data').$type<Readonly<Record<string, unknown>>>(),
  },
  (t) => [
    index('human_steps_open').on(t.owner).where(sql`answered_at is null`),
    index('human_steps_machine').on(t.machineId, t.openedAt),
    index('human_steps_ticket').on(t.ticketId),
  ],
);

/** Answers that matched no open question: late, double, misaddressed or malformed. Kept, never acted on. */
export const ignoredAnswers = pgTable('ignored_answers', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  machineId: text('machine_id').notNull(),
  at: at('at').notNull().default(now),
  why: text('why').notNull(),
  answer: jsonb('answer').notNull(),
});
