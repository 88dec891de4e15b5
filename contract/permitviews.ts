/** The API's shapes for semaphores and their permits, and for the image system's disruptions. Times are ISO 8601. */

import { z } from 'zod';
import { orderClasses } from '../domain/machine.ts';
import { permitOperations } from '../domain/permits/groups.ts';
import { machineName, sentence } from './api.ts';

const nullable = <T extends z.ZodType>(schema: T) => schema.nullable();
const text = nullable(z.string());
const count = z.int().min(0).max(100_000);

export const permitWindow = z.strictObject({
  /** 1 is Monday. */
  days: z.array(z.int().min(1).max(7)).min(1).max(7),
  from: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time like 22:00'),
  to: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time like 06:00'),
  zone: z
    .string()
    .max(64)
    .refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC', 'is no time zone'),
});

export const semaphorePolicy = z.object({
  capacity: nullable(z.number()),
  percent: nullable(z.number()),
  minimum: z.number(),
  queueBound: z.number(),
  leaseSeconds: z.number(),
  limitSeconds: z.number(),
  minHealthy: nullable(z.number()),
  /** Grants within any minute at most. */
  perMinute: nullable(z.number()),
  windows: z.array(permitWindow),
});

export const semaphoreView = z.object({
  id: z.string(),
  /** As last granted by; null where nobody has asked yet. */
  capacity: nullable(z.number()),
  held: z.number(),
  waiting: z.number(),
  overdue: z.number(),
  /** Why those in front do not go on. */
  gate: text,
  gateUntil: text,
  oldest: text,
});
export const semaphoreList = z.object({ semaphores: z.array(semaphoreView) });

export const permitView = z.object({
  id: z.string(),
  machineId: z.string(),
  hostname: text,
  class: z.enum(orderClasses),
  workflowId: text,
  orderId: text,
  state: z.enum(['waiting', 'granted', 'closed']),
  fence: nullable(z.number()),
  requestedAt: z.string(),
  grantedAt: text,
  closedAt: text,
  overdue: text,
  how: text,
  why: text,
  by: text,
});

export const semaphoreDetail = z.object({
  semaphore: semaphoreView,
  policy: semaphorePolicy,
  holders: z.array(permitView),
  /** Those in front, at most two hundred. */
  queue: z.array(permitView),
  /** The latest twenty that have ended. */
  ended: z.array(permitView),
});

/** What is absent stays as it is. `capacity` and `percent` take each other's place. */
export const semaphoreChange = z
  .strictObject({
    reason: sentence,
    capacity: count.exactOptional(),
    percent: z.int().min(0).max(100).exactOptional(),
    minimum: count.exactOptional(),
    queueBound: z.int().min(0).max(7000).exactOptional(),
    leaseSeconds: z.int().min(10).max(604_800).exactOptional(),
    limitSeconds: z.int().min(10).max(31_536_000).exactOptional(),
    /** Null takes the gate away. */
    minHealthy: nullable(z.int().min(0).max(100)).exactOptional(),
    /** Null takes the rate away. */
    perMinute: nullable(z.int().min(1).max(100_000)).exactOptional(),
    windows: z.array(permitWindow).max(20).exactOptional(),
  })
  .refine(({ capacity, percent }) => capacity === undefined || percent === undefined, {
    message: 'a semaphore has a number or a percentage, not both',
    path: ['percent'],
  });

/** By which columns or tags an operation takes permits beside the fleet's, where its order names none; widest first. */
export const permitGroupView = z.object({
  operation: z.enum(permitOperations),
  tags: z.array(z.string()),
  /** Null where nobody has set them. */
  by: text,
  reason: text,
});
export const permitGroupList = z.object({ groups: z.array(permitGroupView) });
export const permitGroupChange = z.strictObject({
  /** Empty: the fleet's permit alone. */
  tags: z.array(z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/, 'is not the name of a tag')).max(8),
  reason: sentence,
});

export const evictionRequest = z.strictObject({ reason: sentence });

export const disruptionRequests = ['request', 'check', 'cancel'] as const;
export const disruptionRequest = z.strictObject({ machine: machineName, request: z.enum(disruptionRequests) });
export const disruptionStates = ['permitted', 'requested', 'denied'] as const;
export const disruptionAnswer = z.object({ state: z.enum(disruptionStates), semaphore: text });

/** The Dominator's own REST protocol; of the machine's record only the name counts. */
export const dominatorRequest = z.object({
  MDB: z.object({ Hostname: machineName }),
  Request: z.enum(disruptionRequests),
});
export const dominatorResponse = z.object({ Response: z.enum(disruptionStates) });

export type PermitGroupView = z.infer<typeof permitGroupView>;
export type PermitGroupChange = z.input<typeof permitGroupChange>;
export type SemaphoreView = z.infer<typeof semaphoreView>;
export type SemaphoreDetail = z.infer<typeof semaphoreDetail>;
export type SemaphoreChange = z.infer<typeof semaphoreChange>;
export type PermitView = z.infer<typeof permitView>;
export type DisruptionRequest = z.input<typeof disruptionRequest>;
export type DisruptionAnswer = z.infer<typeof disruptionAnswer>;
