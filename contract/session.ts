import { z } from 'zod';

/** Who asks, as the API knows them, and what they may look at besides. */
export const sessionView = z.object({
  name: z.string(),
  role: z.string(),
  /** Temporal's Web UI, for those who want to see a machine's workflows; null where none is known. */
  temporal: z.object({ ui: z.string(), namespace: z.string() }).nullable(),
});
export type SessionView = z.infer<typeof sessionView>;
