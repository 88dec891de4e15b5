import { sql } from 'drizzle-orm';
import { bigserial, integer, jsonb, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { policyKinds } from '../../domain/policies.ts';
import { at } from './columns.ts';

/** Every version of every policy, written by a trigger in the transaction of the change; append-only. */
export const policyVersions = pgTable(
  'policy_versions',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    kind: text('kind', { enum: policyKinds }).notNull(),
    /** Which one: its key, the parts of it joined by slashes. */
    subject: text('subject').notNull(),
    version: integer('version').notNull(),
    at: at('at').notNull().default(sql`clock_timestamp()`),
    actor: text('actor').notNull(),
    reason: text('reason'),
    /** The second person, where one was needed. */
    approvedBy: text('approved_by'),
    /** The earlier version that was brought back by this one. */
    restores: integer('restores'),
    /** Its row without what is none of the policy; null where it was taken away. */
    value: jsonb('value').$type<Readonly<Record<string, unknown>>>(),
  },
  (t) => [unique('policy_versions_one').on(t.kind, t.subject, t.version)],
);
