/** The conveyor belt as the people's API has it. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { stages } from '../domain/machine.ts';

const text = z.string().nullable();

export const beltView = z.object({
  /** One for each rack and stage in which there is a machine; no rack is null. */
  cells: z.array(
    z.object({
      rack: text,
      stage: z.enum(stages),
      machines: z.number(),
      held: z.number(),
      late: z.number().describe('machines with a step that is past its limit'),
    }),
  ),
  /** Steps past their limit, the longest first, a hundred at most. */
  stuck: z.array(
    z.object({
      machineId: z.string(),
      hostname: text,
      rack: text,
      stage: z.enum(stages),
      passage: z.string(),
      step: z.string(),
      owner: z.string(),
      limitAt: z.string(),
      held: text,
    }),
  ),
});
export type BeltView = z.infer<typeof beltView>;
