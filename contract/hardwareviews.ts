/** What the people's API shows of what controllers reported. Times of controllers are in their own words (quirk 35). */
import { z } from 'zod';
import { paged, paging } from './api.ts';

const text = z.string().nullable();
const time = z.string();

const pageQuery = { ...paging, limit: z.coerce.number().int().min(1).max(1000).default(100) };

export const hardwareQuery = z.strictObject({ limit: pageQuery.limit });
export const reportedQuery = z.strictObject(pageQuery);

const sensor = z.object({
  chassis: z.string(),
  name: z.string(),
  kind: z.string(),
  value: z.number(),
  unit: z.string(),
  health: text,
});

export const hardwareView = z.object({
  machineId: z.string(),
  /** By kind of part; `seenAt` is when it was first seen so, `firmwareVersion` that of the controller then. */
  documents: z.array(z.object({ kind: z.string(), document: z.unknown(), firmwareVersion: text, seenAt: time })),
  changes: z.array(
    z.object({
      id: z.number(),
      seenAt: time,
      kind: z.string(),
      place: z.string(),
      change: z.enum(['added', 'removed', 'swapped', 'version']),
      before: z.unknown(),
      after: z.unknown(),
      /** The person who confirmed it; null of what only a controller reported. */
      confirmedBy: text,
    }),
  ),
  /** Of the latest reading; null before the first. */
  sensors: z.object({ readAt: time, watts: z.number().nullable(), sensors: z.array(sensor) }).nullable(),
  /** What the machine drew at the latest readings, newest first. */
  power: z.array(z.object({ readAt: time, watts: z.number().nullable() })),
  /** When each record was last looked after, and why it could not be kept up. */
  records: z.array(
    z.object({ record: z.enum(['events', 'logs', 'inventory', 'settings']), at: time.nullable(), error: text }),
  ),
});
export type HardwareView = z.infer<typeof hardwareView>;

export const eventList = z.object({
  events: z.array(
    z.object({
      id: z.number(),
      receivedAt: time,
      eventTime: text,
      eventId: text,
      kind: text,
      messageId: text,
      severity: text,
      message: text,
      origin: text,
    }),
  ),
  ...paged,
});
export type EventView = z.infer<typeof eventList>['events'][number];

export const logEntryList = z.object({
  entries: z.array(
    z.object({
      id: z.number(),
      seenAt: time,
      log: z.string(),
      entryId: z.string(),
      created: text,
      severity: text,
      messageId: text,
      message: text,
    }),
  ),
  ...paged,
});
export type LogEntryView = z.infer<typeof logEntryList>['entries'][number];

/** The end of its console, as its controller last kept it. */
export const consoleTail = z.object({
  /** Null where it was never read, which a repair does. */
  readAt: time.nullable(),
  lines: z.array(z.string()),
  /** Why there is nothing, in words. */
  missing: text,
});
export type ConsoleTail = z.infer<typeof consoleTail>;

/** Boot requests of its MACs and what they were answered, counted by minute, newest first. */
export const machineBoots = z.object({
  boots: z.array(
    z.object({
      mac: z.string(),
      lastAt: time,
      state: z.string(),
      answer: z.string(),
      requests: z.number(),
      answers: z.number(),
    }),
  ),
});
export type MachineBoots = z.infer<typeof machineBoots>;
