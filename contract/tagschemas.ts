/** The API's shapes for free tags of machines. */
import { z } from 'zod';
import { machineName, sentence } from './api.ts';

export const tagChange = z
  .strictObject({
    machine: machineName.optional(),
    /** Every machine that it means instead; bounded like an order's. */
    selector: z.string().max(1000).optional(),
    /** How many machines it means; needed for `all` and for what only excludes. */
    count: z.int().min(0).optional(),
    set: z.record(z.string(), z.string()).default({}),
    remove: z.array(z.string().max(80)).max(64).default([]),
    reason: sentence,
  })
  .refine(({ machine, selector }) => (machine === undefined) !== (selector === undefined), {
    message: 'give either a machine or a selector',
    path: ['machine'],
  })
  .refine(({ set, remove }) => Object.keys(set).length + remove.length > 0, {
    message: 'there is nothing to set or remove',
    path: ['set'],
  });
export const tagsChanged = z.object({
  /** Machines that were meant, and those that it was anything new for. */
  machines: z.array(z.string()),
  changed: z.number(),
});

export const tagQuery = z.strictObject({ machine: machineName.optional() });
export const tagList = z.object({
  tags: z.array(z.object({ name: z.string(), value: z.string(), machines: z.number() })),
});

export type TagChange = z.input<typeof tagChange>;
export type TagsChanged = z.infer<typeof tagsChanged>;
export type TagView = z.infer<typeof tagList>['tags'][number];
