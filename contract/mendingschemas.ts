/** What machines are other in, and how long it took to find and mend what was wrong. */
import { z } from 'zod';
import { driftKinds } from '../domain/drift/drift.ts';

export const differencesView = z.object({
  /** The commonest first, fifty at most. */
  differences: z.array(
    z.object({
      kind: z.enum(driftKinds),
      name: z.string(),
      want: z.string(),
      machines: z.number(),
      unknown: z.number(),
    }),
  ),
});
export type DifferencesView = z.infer<typeof differencesView>;

/** How long something took, over as many cases as it is known of; null where it is of none. */
const spell = z.object({ count: z.number(), meanSeconds: z.number().nullable(), medianSeconds: z.number().nullable() });
export type SpellView = z.infer<typeof spell>;

export const mendingQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(366).default(30) });
export const mendingView = z.object({
  days: z.number(),
  states: z.array(
    z.object({
      stage: z.string(),
      opState: z.string(),
      repairState: z.string(),
      machines: z.number(),
      held: z.number(),
    }),
  ),
  repairs: z.object({
    /** Ordered within these days; of these still under way; and of these ended with nothing done to the machine. */
    ordered: z.number(),
    open: z.number(),
    falsePositive: z.number(),
    /** From the first event or log entry of severity warning or critical, at most a day before, to the order. */
    toDetect: spell,
    /** From the order until the machine was back in production, or the repair done where it never left. */
    toRepair: spell,
    /** Of people: from a question to its answer. */
    toAnswer: spell,
    /** By what is before the slash of a fault's name, the commonest first, twenty at most. */
    faults: z.array(z.object({ fault: z.string(), repairs: z.number(), medianSeconds: z.number().nullable() })),
  }),
});
export type MendingView = z.infer<typeof mendingView>;
