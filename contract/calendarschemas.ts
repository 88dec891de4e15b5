/** What is to come, as the people's API has it. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { orderView } from './api.ts';
import { timeField } from './requestschemas.ts';

export const calendarQuery = z.strictObject({
  /** Now by default. */
  from: timeField.optional(),
  days: z.coerce.number().int().min(1).max(62).default(7),
});

export const calendarView = z.object({
  from: z.string(),
  until: z.string(),
  /** When semaphores may grant and campaigns may begin, where windows say so; in the order of their times. */
  windows: z.array(
    z.object({
      of: z.enum(['semaphore', 'campaign']),
      name: z.string(),
      opens: z.string(),
      closes: z.string(),
    }),
  ),
  /** Orders that wait for a time, and maintenance in its window. */
  orders: z.array(z.object({ order: orderView, opens: z.string(), closes: z.string().nullable() })),
  /** Whether there is more of either than these. */
  isCut: z.boolean(),
});
export type CalendarView = z.infer<typeof calendarView>;
