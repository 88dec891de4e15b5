/** The API's shapes for what guards production: capacity, the storm brake, and the pools' policies. */
import { z } from 'zod';
import {
  diskKinds,
  drainAdapters,
  drainTimeOuts,
  eraseMethods,
  minimumUnits,
  reconcileModes,
} from '../domain/machine.ts';
import { id, sentence } from './api.ts';
import { pace } from './campaignschemas.ts';
import { semaphoresField } from './requestschemas.ts';

const nullable = <T extends z.ZodType>(schema: T) => schema.nullable();

/** `fleet`, or the name of a column or tag, by whose values there is a group each. */
const scope = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/, 'is not the name of a column or tag');

export const capacityView = z.object({
  scope: z.string(),
  name: z.string(),
  /** Machines that belong to the group's capacity, in service or not. */
  total: z.number(),
  have: z.number(),
  need: z.number(),
  rule: nullable(z.object({ name: z.string(), min: z.number(), unit: z.enum(minimumUnits) })),
});
export const capacityList = z.object({ groups: z.array(capacityView) });

export const capacityQuery = z.strictObject({ scope: scope.optional() });

const groupName = z.union([
  z.literal('*'),
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_. -]{0,126}$/, 'is not the name of a group'),
]);

export const capacityRequest = z
  .strictObject({
    scope,
    /** A pool, rack, feed or value of a tag; `*` for each one without a rule of its own. */
    name: groupName.default('*'),
    /** Null takes the rule away. */
    min: z.int().min(0).max(1_000_000).nullable(),
    unit: z.enum(minimumUnits).default('percent'),
    reason: sentence,
  })
  .refine(({ min, unit }) => min === null || unit === 'count' || min <= 100, {
    message: 'is more than 100 percent',
    path: ['min'],
  })
  .refine(({ scope, name }) => scope !== 'fleet' || name === '*', { message: 'the fleet is one', path: ['name'] });

export const brakeView = z.object({
  engaged: z.boolean(),
  since: nullable(z.string()),
  until: nullable(z.string()),
  by: nullable(z.string()),
  reason: nullable(z.string()),
  overrideUntil: nullable(z.string()),
  overrideBy: nullable(z.string()),
  lastMinute: z.number(),
  inWindow: z.number(),
  perMinute: z.number(),
  share: z.number(),
  shareFloor: z.number(),
  windowMinutes: z.number(),
  coolMinutes: z.number(),
});

const minutes = z.int().min(1).max(10_080);

export const brakeEngage = z.strictObject({ reason: sentence, minutes: minutes.optional() });
export const brakeRelease = z.strictObject({ reason: sentence, overrideMinutes: minutes.optional() });
export const brakeLimits = z.strictObject({
  reason: sentence,
  perMinute: z.int().min(1).max(100_000).exactOptional(),
  share: z.int().min(1).max(100).exactOptional(),
  shareFloor: z.int().min(1).max(100_000).exactOptional(),
  windowMinutes: z.int().min(1).max(1440).exactOptional(),
  coolMinutes: minutes.exactOptional(),
});

const secretName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,126}$/, 'is not the name of a secret');

const policy = z.object({
  drain: z.enum(drainAdapters),
  drainSettings: z.record(z.string(), z.string()),
  drainSecretRef: nullable(z.string()),
  drainTimeout: z.number(),
  onDrainTimeout: z.enum(drainTimeOuts),
  erase: z.enum(eraseMethods),
  /** For the disks that Farrier did not encrypt, by what they are. */
  eraseOthers: z.partialRecord(z.enum(diskKinds), z.enum(eraseMethods)),
  soakMinutes: z.number(),
  healthRetries: z.number(),
  burninCap: nullable(z.number()),
  rebootTimeout: z.number(),
  owner: z.string(),
  reconcile: z.enum(reconcileModes),
  reconcileLimits: z.object({ pace: pace.exactOptional(), semaphores: semaphoresField.exactOptional() }),
});

export const poolView = policy.extend({ id: z.string(), machines: z.number(), written: z.boolean() });
export const poolList = z.object({ pools: z.array(poolView) });

const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !/\p{Cc}/u.test(value), 'holds control characters');

export const poolRequest = z.strictObject({
  reason: sentence,
  /** That there is no such pool yet. */
  new: z.boolean().exactOptional(),
  drain: z.enum(drainAdapters).exactOptional(),
  drainSettings: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'is not the name of a setting'), text(2000))
    .refine((settings) => Object.keys(settings).length <= 50, 'has more than 50 settings')
    .exactOptional(),
  drainSecretRef: secretName.nullable().exactOptional(),
  drainTimeout: z.int().min(0).max(2_592_000).exactOptional(),
  onDrainTimeout: z.enum(drainTimeOuts).exactOptional(),
  erase: z.enum(eraseMethods).exactOptional(),
  eraseOthers: z.partialRecord(z.enum(diskKinds), z.enum(eraseMethods)).exactOptional(),
  soakMinutes: z.int().min(0).max(1440).exactOptional(),
  healthRetries: z.int().min(0).max(20).exactOptional(),
  burninCap: z.int().min(1).max(604_800).nullable().exactOptional(),
  rebootTimeout: z.int().min(60).max(86_400).exactOptional(),
  owner: id.exactOptional(),
  /** What the reconciler may do about drift of its machines. */
  reconcile: z.enum(reconcileModes).exactOptional(),
  /** How its campaigns may go; what is absent is as usual. */
  reconcileLimits: z.strictObject({ pace: pace.prefault({}), semaphores: semaphoresField }).exactOptional(),
});

export type CapacityView = z.infer<typeof capacityView>;
export type CapacityRequest = z.input<typeof capacityRequest>;
export type BrakeView = z.infer<typeof brakeView>;
export type BrakeLimitsRequest = z.input<typeof brakeLimits>;
export type PoolView = z.infer<typeof poolView>;
export type PoolRequest = z.input<typeof poolRequest>;
