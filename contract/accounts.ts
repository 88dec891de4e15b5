/** The API's shapes for who may ask: tokens, and what they may. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { roles } from '../domain/grants.ts';
import { id, sentence } from './api.ts';
import { timeField } from './requestschemas.ts';

const time = z.string();
const text = z.string().nullable();

/** Longest life of a token, in days. */
export const maxTokenDays = 366;
const dayMs = 86_400_000;

const names = z.array(id).min(1, 'names nothing').max(50).nullable().default(null);

/** A role; for pools and teams, or for the whole fleet where it names none. */
export const grantField = z.strictObject({ role: z.enum(roles), pools: names, teams: names });
export const grantView = z.object({
  role: z.enum(roles),
  pools: z.array(z.string()).nullable(),
  teams: z.array(z.string()).nullable(),
});

export const grantsField = z.array(grantField).min(1, 'grants nothing').max(50);

export const tokenRequest = z.strictObject({
  name: id,
  grants: grantsField,
  /** A year from now at the latest. */
  expiresAt: timeField
    .refine((at) => Date.parse(at) > Date.now(), 'is in the past')
    .refine((at) => Date.parse(at) <= Date.now() + maxTokenDays * dayMs, `is more than ${maxTokenDays} days away`),
  reason: sentence.optional(),
  /** Whose token it is, where it is another person's than whoever makes it. */
  person: id.optional(),
});

export const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  grants: z.array(grantView),
  createdBy: z.string(),
  /** Whose it is: of four eyes, all tokens of a person are one pair. */
  person: z.string(),
  createdAt: time,
  expiresAt: time,
  lastUsedAt: text,
  revokedAt: text,
  revokedBy: text,
});
export const tokenList = z.object({ tokens: z.array(tokenView) });
/** `token` is shown this once. */
export const tokenCreated = z.object({ view: tokenView, token: z.string() });
export const tokenName = z.strictObject({ id });
export const tokenRevocation = z.strictObject({ reason: sentence });

export type TokenRequest = z.input<typeof tokenRequest>;
export type TokenView = z.infer<typeof tokenView>;
export type TokenCreated = z.infer<typeof tokenCreated>;
