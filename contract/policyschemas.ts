/** Versions of policies, as the people's HTTP API has them. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { policyKinds } from '../domain/policies.ts';
import { sentence } from './api.ts';

const kind = z.enum(policyKinds);

export const policyQuery = z.strictObject({ kind: kind.optional() });
export const policyParameters = z.strictObject({ kind, subject: z.string().min(1).max(253) });
export const policyVersionView = z.object({
  kind,
  /** Which one, e.g. the pool's name, or `reboot/rack/A12`. */
  subject: z.string(),
  version: z.number(),
  at: z.string(),
  by: z.string(),
  reason: z.string().nullable(),
  /** The second person, where one was needed. */
  approvedBy: z.string().nullable(),
  /** The earlier version that this one brought back. */
  restores: z.number().nullable(),
  /** What it says; null where it was taken away. */
  value: z.record(z.string(), z.unknown()).nullable(),
});
export const policyList = z.object({ policies: z.array(policyVersionView) });
export const policyHistory = z.object({ versions: z.array(policyVersionView) });
export const policyRestore = z.strictObject({ version: z.int().min(1).max(2_000_000_000), reason: sentence });

export type PolicyVersionView = z.infer<typeof policyVersionView>;
