import { sql } from 'drizzle-orm';
import { check, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { EraseByKind } from '../../domain/clean/erase.ts';
import type { ReconcileLimits } from '../../domain/drift/limits.ts';
import {
  drainAdapters,
  drainTimeOuts,
  eraseMethods,
  reconcileModes,
  standardEraseOthers,
} from '../../domain/machine.ts';
import { at, now } from './columns.ts';

/**
 * How the machines of each pool are treated. A pool without a row is treated by the defaults, which are these columns'
 * own, so that a row that sets one thing leaves the rest as it was.
 */
export const pools = pgTable(
  'pools',
  {
    id: text('id').primaryKey(),
    drain: text('drain', { enum: drainAdapters }).notNull().default('none'),
    /** What the adapter needs to know, e.g. its address. No secret. */
    drainSettings: jsonb('drain_settings').$type<Readonly<Record<string, string>>>().notNull().default({}),
    /** Name of the secret with the adapter's credentials; the secret itself is in the secret store. */
    drainSecretRef: text('drain_secret_ref'),
    /** Seconds until a drain's time is up; jobs run for up to a week. */
    drainTimeout: integer('drain_timeout').notNull().default(604_800),
    onDrainTimeout: text('on_drain_timeout', { enum: drainTimeOuts }).notNull().default('ask'),
    erase: text('erase', { enum: eraseMethods }).notNull().default('crypto'),
    /** For the disks that Farrier did not encrypt, by what they are; `erase` holds for those that are not named. */
    eraseOthers: jsonb('erase_others').$type<EraseByKind>().notNull().default(standardEraseOthers),
    /** Minutes that a machine must stay healthy before it goes back to production. */
    soakMinutes: integer('soak_minutes').notNull().default(10),
    /** Health checks that may fail before a machine is left to a person. */
    healthRetries: integer('health_retries').notNull().default(3),
    /** Seconds that a rebirth's or repair's burn-in may take at most; null: as the machine's profile says. */
    burninCap: integer('burnin_cap'),
    /** Seconds until a reboot that brought nothing up is a failure. */
    rebootTimeout: integer('reboot_timeout').notNull().default(1800),
    /** Team that questions about the pool's machines go to. */
    owner: text('owner').notNull().default('operations'),
    /** What the reconciler may do about drift. */
    reconcile: text('reconcile', { enum: reconcileModes }).notNull().default('observe'),
    reconcileLimits: jsonb('reconcile_limits').$type<ReconcileLimits>().notNull().default({}),
    updatedAt: at('updated_at').notNull().default(now),
  },
  (t) => [
    check('pools_drain_timeout', sql`${t.drainTimeout} between 0 and 2592000`),
    check('pools_soak', sql`${t.soakMinutes} between 0 and 1440`),
    check('pools_health', sql`${t.healthRetries} between 0 and 20`),
    check('pools_burnin', sql`${t.burninCap} between 1 and 604800`),
    check('pools_reboot', sql`${t.rebootTimeout} between 60 and 86400`),
  ],
);
