import { sql } from 'drizzle-orm';
import { bigint, check, index, jsonb, pgTable, text, unique } from 'drizzle-orm/pg-core';
import type { Grant } from '../../domain/grants.ts';
import { sessionKinds, signInWays } from '../../domain/sessions.ts';
import { at, now } from './columns.ts';

/** People with accounts, also those whose account was disabled: the audit names them. */
export const people = pgTable(
  'people',
  {
    id: text('id').primaryKey(),
    /** By which the audit calls them. */
    name: text('name').notNull().unique(),
    /** Of who comes from a provider: what its claims made of them when they were last asked for. */
    grants: jsonb('grants').$type<readonly Grant[]>().notNull(),
    /** Argon2id in PHC form; null for who has none. */
    passwordHash: text('password_hash'),
    /** Who else chose the password, and knows it; null for nobody. */
    passwordBy: text('password_by'),
    /** Who is this person's provider, and what it calls them: never a name, which may come to mean another. */
    issuer: text('issuer'),
    subject: text('subject'),
    createdBy: text('created_by').notNull(),
    createdAt: at('created_at').notNull().default(now),
    disabledAt: at('disabled_at'),
    disabledBy: text('disabled_by'),
  },
  (t) => [
    unique('people_subject').on(t.issuer, t.subject),
    check('people_provider', sql`(${t.issuer} is null) = (${t.subject} is null)`),
    check('people_either', sql`${t.issuer} is null or ${t.passwordHash} is null`),
    check('people_disabled', sql`(${t.disabledAt} is null) = (${t.disabledBy} is null)`),
  ],
);

/** Sign-ins that last: of a browser, by a cookie, and of the command line. Of its secret only a hash is kept. */
export const sessions = pgTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    personId: text('person_id')
      .notNull()
      .references(() => people.id),
    /** SHA-256 of its secret, in hex. */
    hash: text('hash').notNull().unique(),
    kind: text('kind', { enum: sessionKinds }).notNull(),
    way: text('way', { enum: signInWays }).notNull(),
    createdAt: at('created_at').notNull().default(now),
    /** To the minute. */
    usedAt: at('used_at').notNull().default(now),
    /** It ends by then at the latest. */
    expiresAt: at('expires_at').notNull(),
    /** And by then, unless it is used. */
    idleAt: at('idle_at').notNull(),
    endedAt: at('ended_at'),
    /** By which the provider is asked whether they still may, sealed by the session's secret; null where it gave none. */
    refresh: text('refresh'),
    /** When the provider was last asked, and when it last said that they may. */
    checkedAt: at('checked_at').notNull().default(now),
    confirmedAt: at('confirmed_at').notNull().default(now),
  },
  (t) => [index('sessions_person').on(t.personId)],
);

/** Passkeys of people: of each the public half, with which nobody can sign. */
export const passkeys = pgTable(
  'passkeys',
  {
    /** As its authenticator calls it. */
    id: text('id').primaryKey(),
    personId: text('person_id')
      .notNull()
      .references(() => people.id),
    /** Host that it is of: it signs for no other. */
    host: text('host').notNull(),
    /** What its person calls it. */
    name: text('name').notNull(),
    /** COSE, in base64url. */
    publicKey: text('public_key').notNull(),
    /** How often it has signed, where it counts. */
    counter: bigint('counter', { mode: 'number' }).notNull(),
    transports: jsonb('transports').$type<readonly string[]>().notNull(),
    createdAt: at('created_at').notNull().default(now),
    usedAt: at('used_at'),
  },
  (t) => [index('passkeys_person').on(t.personId)],
);

/** What an authenticator was asked to sign: each is good once, and for minutes. */
export const passkeyChallenges = pgTable('passkey_challenges', {
  challenge: text('challenge').primaryKey(),
  /** Who adds a passkey; null for somebody who signs in. */
  personId: text('person_id').references(() => people.id),
  expiresAt: at('expires_at').notNull(),
});
