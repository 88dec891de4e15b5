import { sql } from 'drizzle-orm';
import { check, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Grant } from '../../domain/grants.ts';
import { at, now } from './columns.ts';

/** Tokens of programs and of people at the CLI. Of the token itself only a hash is kept: it has 256 random bits. */
export const tokens = pgTable(
  'tokens',
  {
    id: text('id').primaryKey(),
    /** By which the audit calls it, as `token:NAME`. */
    name: text('name').notNull(),
    /** SHA-256 of the token, in hex. */
    hash: text('hash').notNull().unique(),
    grants: jsonb('grants').$type<readonly Grant[]>().notNull(),
    createdBy: text('created_by').notNull(),
    /** Whose it is, and who made it and has seen it: four eyes tell people apart by that. */
    person: text('person').notNull(),
    maker: text('maker').notNull(),
    createdAt: at('created_at').notNull().default(now),
    expiresAt: at('expires_at').notNull(),
    /** To the minute. */
    lastUsedAt: at('last_used_at'),
    revokedAt: at('revoked_at'),
    revokedBy: text('revoked_by'),
  },
  (t) => [
    // One that ended makes room for the next of its name: the audit says which was which.
    uniqueIndex('tokens_name').on(t.name).where(sql`revoked_at is null`),
    check('tokens_grants', sql`jsonb_array_length(${t.grants}) > 0`),
    check('tokens_revoked', sql`(${t.revokedAt} is null) = (${t.revokedBy} is null)`),
  ],
);
