/** The API's shapes for imports. */
import { z } from 'zod';
import { importFormats, maxInventory } from '../domain/imports/row.ts';
import { id, sentence } from './api.ts';

/** Items of each list in an answer; the counts are of all. */
export const maxShown = 500;

export const importRequest = z.strictObject({
  /** The inventory as it is, whatever its format. */
  text: z.string().min(1, 'is empty').max(maxInventory, 'is larger than 16 MiB'),
  format: z.enum(importFormats).optional().meta({ description: 'found out where it is absent' }),
  secret: id.optional().meta({ description: 'secret of the controllers for which the inventory names none' }),
  plan: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'is not the hash of a plan')
    .optional()
    .meta({ description: 'hash of the plan that was reviewed: does it; without it nothing is changed' }),
  reason: sentence.optional(),
});

const place = z.object({ rack: z.string(), unit: z.number(), slot: z.string().nullable() });
const controller = z.object({ origin: z.string(), secretRef: z.string(), serial: z.string().nullable() });
const row = z.number().meta({ description: 'the line of a table, else the place in its list, from 1' });
const machine = {
  row,
  id: z.string(),
  macs: z.array(z.string()),
  place: place.nullable(),
  controller: controller.nullable(),
  tags: z.record(z.string(), z.string()),
};
const note = z.object({ row: row.nullable(), field: z.string().nullable(), detail: z.string() });

export const importPlan = z.object({
  format: z.enum(importFormats),
  /** Of all that it would write. */
  hash: z.string(),
  applied: z.boolean(),
  counts: z.object({
    ...{ racks: z.number(), machines: z.number(), changes: z.number(), controllers: z.number() },
    ...{ same: z.number(), skipped: z.number(), problems: z.number(), remarks: z.number() },
  }),
  racks: z.array(z.string()),
  /** Machines that are announced. */
  machines: z.array(z.object(machine)),
  /** What is added to machines that are known. */
  changes: z.array(z.object({ ...machine, before: z.record(z.string(), z.string()) })),
  controllers: z.array(controller.extend({ row })),
  /** What cannot be right: while there is any, nothing is done. */
  problems: z.array(note),
  /** What is passed over, and why. */
  remarks: z.array(note),
  /** Fields that mean nothing here, and in how many rows something stands in them. */
  leftOut: z.array(z.object({ field: z.string(), rows: z.number() })),
  /** What is to be seen to before the machines boot, a sentence each. */
  notes: z.array(z.string()),
});

export type ImportRequest = z.input<typeof importRequest>;
export type ImportView = z.infer<typeof importPlan>;
