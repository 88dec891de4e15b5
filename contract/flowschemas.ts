/** Passages and their steps, as the workers that run them define them. */
import { z } from 'zod';
import { passages } from '../domain/machine.ts';

const step = z.object({
  name: z.string(),
  does: z.string(),
  owner: z.string().describe('team that its questions go to'),
  limitSeconds: z.number().nullable().describe('until its fallback; null where the order or the pool says it'),
  undo: z.string().describe('what undoes it when the passage ends there; where nothing does, why'),
});

export const flowList = z.object({
  /** Several while one version takes the place of another; the one that most workers run comes first. */
  versions: z.array(
    z.object({
      version: z.string(),
      workers: z.number().describe('workers that run these now; 0: none works, and these were run last'),
      seenAt: z.string(),
      passages: z.array(z.object({ passage: z.enum(passages), steps: z.array(step) })),
    }),
  ),
});
export type FlowVersions = z.infer<typeof flowList>['versions'];
