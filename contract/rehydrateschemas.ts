/** What the API says and takes about the comparison of the MDB with the workflows that exist. */
import { z } from 'zod';
import { id, machineName, sentence } from './api.ts';
import { mismatchKinds } from './rehydrate.ts';

export const rehydrateRequest = z.strictObject({
  /** Only of these machines; of everything when absent. */
  selector: z.string().min(1).max(1000).exactOptional(),
  /** Only of this one. */
  machine: machineName.exactOptional(),
  /** Says what is missing, and starts nothing. */
  dryRun: z.boolean().default(false),
  /** Why, for the audit; of a dry run nothing is kept there. */
  reason: sentence.exactOptional(),
});
export const rehydrateRequested = z.object({ id: z.string() });
export const rehydrateName = z.strictObject({ id });

const mismatch = z.object({
  kind: z.enum(mismatchKinds),
  id: z.string(),
  what: z.string(),
  failed: z.string().exactOptional(),
});

export const rehydrateView = z.object({
  id: z.string(),
  /** Null for a round that went by itself. */
  requestedBy: z.string().nullable(),
  reason: z.string().nullable(),
  selector: z.string().nullable(),
  dryRun: z.boolean(),
  requestedAt: z.string(),
  beganAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** Machines looked at so far. */
  machines: z.number(),
  /** How many of each kind; a kind without any is left out. */
  counts: z.partialRecord(z.enum(mismatchKinds), z.number()),
  /** The first hundred. */
  found: z.array(mismatch),
  /** Why it could not be made to the end. */
  error: z.string().nullable(),
});
export const rehydrateList = z.object({
  /** The latest round that went by itself; null before the first. */
  latest: rehydrateView.nullable(),
  /** Those that were asked for, and those that found something: newest first. */
  rounds: z.array(rehydrateView),
});

export type RehydrateRequest = z.input<typeof rehydrateRequest>;
export type RehydrateView = z.infer<typeof rehydrateView>;
export type RehydrateList = z.infer<typeof rehydrateList>;
