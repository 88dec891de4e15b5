import { z } from 'zod';
import { roles } from '../domain/grants.ts';
import { signInWays } from '../domain/sessions.ts';
import { grantView } from './accounts.ts';

/** Who asks, as the API knows them, and what they may look at besides. */
export const sessionView = z.object({
  name: z.string(),
  /** How they are known: by being on the API's machine, by a token, or as a person who showed who they are. */
  by: z.enum(['loopback', 'token', ...signInWays]),
  /** The highest that they have of anything. */
  role: z.enum(roles),
  grants: z.array(grantView),
  /** When they have to sign in again; null for never. */
  expiresAt: z.string().nullable(),
  /** Whether somebody else chose their password, and knows it. */
  passwordGiven: z.boolean(),
  /** Temporal's Web UI, for those who want to see a machine's workflows; null where none is known. */
  temporal: z.object({ ui: z.string(), namespace: z.string() }).nullable(),
});

/** By which ways people sign in, besides passwords and passkeys. */
export const signInChoices = z.object({
  /** What people call the provider of accounts; null where there is none. */
  provider: z.string().nullable(),
});

// As long as any that was ever taken: what is longer is none.
const password = z.string().min(1, 'is empty').max(200, 'is longer than 200 characters');
export const passwordSignIn = z.strictObject({ name: z.string().min(1).max(63), password });
export const signedIn = z.object({
  name: z.string(),
  expiresAt: z.string(),
  /** By which a program says from now on who it acts for; null for a page, which has a cookie. */
  token: z.string().nullable(),
});
export const passwordChange = z.strictObject({ old: password, password });

export type SignInChoices = z.infer<typeof signInChoices>;
export type SignedInView = z.infer<typeof signedIn>;
export type SessionView = z.infer<typeof sessionView>;
