import { z } from 'zod';
import { roles } from '../domain/grants.ts';
import { grantView } from './accounts.ts';

/** Who asks, as the API knows them, and what they may look at besides. */
export const sessionView = z.object({
  name: z.string(),
  /** How they are known: by being on the API's machine, or by a token. */
  by: z.enum(['loopback', 'token']),
  /** The highest that they have of anything. */
  role: z.enum(roles),
  grants: z.array(grantView),
  /** When they have to sign in again; null for never. */
  expiresAt: z.string().nullable(),
  /** Temporal's Web UI, for those who want to see a machine's workflows; null where none is known. */
  temporal: z.object({ ui: z.string(), namespace: z.string() }).nullable(),
});
export type SessionView = z.infer<typeof sessionView>;
