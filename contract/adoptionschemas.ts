/** The API's shapes for adoptions. */
import { z } from 'zod';
import { adoptionStates } from '../domain/adoption.ts';
import { id, macText, sentence, slotText } from './api.ts';

export const adoptionRequest = z
  .strictObject({
    /** Minted by the caller so that a repeated request is the same adoption. */
    id: id.optional(),
    bmc: z.string().max(200).meta({ description: 'address of the controller, or its origin like https://10.0.9.12' }),
    secret: id.meta({ description: 'name of the secret with its credentials' }),
    mac: macText.optional().meta({ description: 'of the port that it boots from, where its controller shows none' }),
    rack: id.optional(),
    unit: z.number().int().min(1).max(64).optional(),
    slot: slotText.optional(),
    restart: z.boolean().default(false).meta({ description: 'a machine that is on may be restarted' }),
    dryRun: z.boolean().default(false),
    plan: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'is not the hash of a plan')
      .optional()
      .meta({ description: 'hash of the plan that was reviewed: it is done only if its plan would still be that one' }),
    reason: sentence,
  })
  .refine(({ rack, unit }) => (rack === undefined) === (unit === undefined), {
    message: 'rack and unit belong together',
    path: ['unit'],
  });

export const adoptionName = z.strictObject({ id });
export const adoptionRequested = z.object({ id: z.string() });
const text = z.string().nullable();
export const adoptionView = z.object({
  ...{ id: z.string(), bmc: z.string(), secret: z.string(), requester: z.string(), reason: z.string() },
  dryRun: z.boolean(),
  state: z.enum(adoptionStates),
  /** Why it was refused. */
  why: text,
  /** What would be done or was, a sentence each; and its hash. */
  plan: z.array(z.string()),
  hash: text,
  machine: text,
  order: text,
  requestedAt: z.string(),
  endedAt: text,
});

export type AdoptionRequested = z.input<typeof adoptionRequest>;
export type AdoptionView = z.infer<typeof adoptionView>;
