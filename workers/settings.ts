import { z } from 'zod';
import { parseListen } from '../host/listen.ts';
import { placesSetting } from '../integrations/audit/place.ts';

const shared = {
  FARRIER_MDB_URL: z.string().startsWith('postgres'),
  TEMPORAL_ADDRESS: z.string().min(1),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  FARRIER_LOG: z.enum(['debug', 'info', 'warn', 'silent']).default('info'),
};

const lifecycle = z.object({
  ...shared,
  FARRIER_DATA: z.string().min(1),
  /** Workflows kept in memory; one past that number costs a replay, one within it about 0.15 MB. */
  FARRIER_CACHED_WORKFLOWS: z.coerce.number().int().positive().default(2000),
});

const hardware = z.object({
  ...shared,
  FARRIER_DATA: z.string().min(1),
  FARRIER_SITE: z.string().min(1).default('home'),
  /** Origin at which controllers reach the receiver of events; without it none is subscribed. */
  FARRIER_EVENTS_URL: z.url({ protocol: /^https$/ }).optional(),
  /** Origin of the site's image server, below whose `files/` firmware images are; without it there are no updates. */
  FARRIER_BOOT_URL: z.url({ protocol: /^https?$/ }).optional(),
});

const dispatch = z.object({
  ...shared,
  /** Between two comparisons of the MDB with the workflows that exist. */
  FARRIER_COMPARE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(30),
});

const tickets = z.object({
  FARRIER_MDB_URL: shared.FARRIER_MDB_URL,
  FARRIER_LOG: shared.FARRIER_LOG,
  FARRIER_DATA: z.string().min(1),
  /** Where ticket systems may tell of changes; nowhere by default. */
  FARRIER_HOOK_LISTEN: parseListen('FARRIER_HOOK_LISTEN', ''),
  /** Where the audit is kept besides, with blanks between; nowhere unless told. */
  FARRIER_AUDIT_TO: placesSetting('FARRIER_AUDIT_TO'),
});

export const settings = { lifecycle, hardware, dispatch, tickets } as const;

/** Reads a main's environment; a missing or malformed value ends the process with a sentence that names it. */
export function readSettings<T extends z.ZodType>(shape: T): z.infer<T> {
  const read = shape.safeParse(process.env);
  if (read.success) return read.data;
  for (const issue of read.error.issues) process.stderr.write(`${issue.path.join('.')}: ${issue.message}\n`);
  process.exit(2);
}
