/** The audit, as the people's HTTP API has it. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { actorClasses } from '../domain/machine.ts';
import { machineName, paged, paging } from './api.ts';
import { timeField } from './requestschemas.ts';

const row = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const auditQuery = z.strictObject({
  /** A machine that is there, or the id of one that was. */
  machine: machineName.optional(),
  order: z.string().min(1).max(253).optional(),
  actor: z.string().min(1).max(253).optional(),
  /** The whole action, or its beginning and a `*`, like `brake.*`. */
  action: z
    .string()
    .regex(/^[a-z0-9.-]{1,80}\*?$/, 'is not an action like pool.set or pool.*')
    .optional(),
  from: timeField.optional(),
  until: timeField.optional(),
  ...paging,
  limit: paging.limit.default(100),
});
export const auditEntry = z.object({
  id: z.number(),
  at: z.string(),
  actorClass: z.enum(actorClasses),
  actor: z.string(),
  action: z.string(),
  machineId: z.string().nullable(),
  orderId: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  hash: z.string(),
});
export const auditList = z.object({ entries: z.array(auditEntry), ...paged });

export const auditRowsQuery = z.strictObject({
  /** Rows after this one; from the first by default. */
  after: row.default(0),
  limit: z.coerce.number().int().min(1).max(2000).default(1000),
});
/** Rows of the chain, oldest first, each as the JSON text that its hash can be computed from. */
export const auditRows = z.object({
  rows: z.array(z.string()),
  /** What to give as `after` for the next page; null where there is nothing more. */
  next: z.number().nullable(),
});

export const auditState = z.object({
  rows: z.number(),
  lastRow: z.number(),
  /** How far Farrier itself has verified, and since when it has not walked all of the chain. */
  verified: z.object({
    row: z.number(),
    /** Rows that came since, and seconds since all was walked; null where it never was. */
    behind: z.number(),
    wholeAge: z.number().nullable(),
    fault: z.string().nullable(),
  }),
  streams: z.array(
    z.object({
      to: z.string(),
      row: z.number(),
      behind: z.number(),
      /** Age of the oldest row that is not there yet. */
      lagSeconds: z.number(),
      trouble: z.string().nullable(),
    }),
  ),
});

export type AuditQuery = z.input<typeof auditQuery>;
export type AuditView = z.infer<typeof auditEntry>;
export type AuditList = z.infer<typeof auditList>;
export type AuditRows = z.infer<typeof auditRows>;
export type AuditState = z.infer<typeof auditState>;
