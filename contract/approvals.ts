/** The API's shapes for what takes a second person. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { approvalActs, approvalStates } from '../domain/approvals.ts';
import { fields, id, machineName, paged, paging, planLine, sentence } from './api.ts';

const act = z.enum([...approvalActs, 'policy']);
const text = z.string().nullable();

/** The answer to a request that is kept for a second person, and not done. */
export const approvalAsked = z.object({ approval: z.object({ id: z.string(), what: z.string(), acts: z.array(act) }) });

export const approvalPolicyView = z.object({
  /** What takes a second person; nothing does by default. */
  acts: z.array(act),
  /** Hours for which what was asked waits for one, and what was approved for its beginning. */
  hours: z.number(),
});
export const approvalPolicyRequest = z.strictObject({
  acts: z.array(z.enum(approvalActs)).max(20),
  hours: z.int().min(1).max(720).default(24),
  reason: sentence,
});

export const approvalView = z.object({
  id: z.string(),
  /** What it is, in a few words. */
  what: z.string(),
  /** The request that waits, as `POST /orders`. */
  request: z.string(),
  acts: z.array(act),
  /** The machine whose outage it is; null for several, or none. */
  machineId: text,
  hostname: text,
  reason: z.string(),
  askedBy: z.string(),
  askedAt: z.string(),
  /** When it lapses if nobody has decided. */
  expiresAt: z.string(),
  state: z.enum(approvalStates),
  decidedBy: text,
  decidedAt: text,
  /** Why it was refused, withdrawn or lapsed; a word of who approved. */
  why: text,
});
export const approvalFilter = z.strictObject({
  state: z.enum(approvalStates).optional(),
  machine: machineName.optional(),
  fields,
  ...paging,
});
export const approvalList = z.object({ approvals: z.array(approvalView), ...paged });
export const approvalDetail = z.object({
  approval: approvalView,
  /** The request's body. */
  body: z.record(z.string(), z.unknown()),
  plan: z.object({
    /** What is named to approve of it, and of what is done together with it; null while a plan is not made yet. */
    hash: text,
    lines: z.array(planLine),
    /** Why there is no plan yet; null where there is one. */
    missing: text,
  }),
  /** What waits for the same machine, and is done with it in one outage. */
  together: z.array(z.object({ approval: approvalView, lines: z.array(planLine) })),
  /** Why whoever asks may not be the second person; null where they may. */
  refused: text,
  /** What the request was answered when it was done; null before. */
  outcome: z.unknown(),
});
export const approvalName = z.strictObject({ id });
export const approvalGiven = z.strictObject({
  /** Hash of the plan that was seen: it is done only if it is still that one. */
  plan: z.string().regex(/^[0-9a-f]{64}$/, 'is not the hash of a plan'),
  note: sentence.optional(),
});
export const approvalDone = z.object({ done: z.array(z.object({ approval: approvalView, outcome: z.unknown() })) });
export const approvalRefused = z.strictObject({ reason: sentence });

export type ApprovalAsked = z.infer<typeof approvalAsked>['approval'];
export type ApprovalPolicyView = z.infer<typeof approvalPolicyView>;
export type ApprovalPolicyRequest = z.input<typeof approvalPolicyRequest>;
export type ApprovalView = z.infer<typeof approvalView>;
export type ApprovalDetail = z.infer<typeof approvalDetail>;
export type ApprovalDone = z.infer<typeof approvalDone>;
