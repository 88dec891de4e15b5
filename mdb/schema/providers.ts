import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { ClaimRule } from '../../domain/claims.ts';

/** Who says who people are, by OpenID Connect, and what they may then; a policy, of which there is one at most. */
export const providers = pgTable('providers', {
  id: text('id').primaryKey(),
  /** As people call it. */
  name: text('name').notNull(),
  issuer: text('issuer').notNull(),
  clientId: text('client_id').notNull(),
  /** Of the client's secret; null for a client that has none. */
  secretRef: text('secret_ref'),
  scopes: jsonb('scopes').$type<readonly string[]>().notNull(),
  /** The claim that is the name of an account. */
  nameClaim: text('name_claim').notNull(),
  rules: jsonb('rules').$type<readonly ClaimRule[]>().notNull(),
});
