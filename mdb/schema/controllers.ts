import { sql } from 'drizzle-orm';
import {
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import type { SensorRow } from '../../domain/records/sensors.ts';
import { at, now } from './columns.ts';
import { machines } from './machines.ts';

const machineId = () =>
  text('machine_id')
    .notNull()
    .references(() => machines.id);

/** What is kept up for each controller, when it was last seen to, and why it could not be. */
export const controllerRecords = pgTable('controller_records', {
  machineId: text('machine_id')
    .primaryKey()
    .references(() => machines.id),
  inventoryAt: at('inventory_at'),
  logsAt: at('logs_at'),
  eventsAt: at('events_at'),
  /** BIOS settings and versions, as the reconciler reads them. */
  settingsAt: at('settings_at'),
  /** Of the last look at each, in words; null when it went well. */
  inventoryError: text('inventory_error'),
  logsError: text('logs_error'),
  eventsError: text('events_error'),
  settingsError: text('settings_error'),
});

/** Our subscription to the events of one controller. The token of its address is kept as a hash only. */
export const controllerSubscriptions = pgTable('controller_subscriptions', {
  machineId: text('machine_id')
    .primaryKey()
    .references(() => machines.id),
  tokenHash: text('token_hash').notNull().unique(),
  /** Our name for it at the controller, by which it is found again. */
  context: text('context').notNull(),
  /** The resource at the controller; null between the decision to subscribe and the controller's word for it. */
  path: text('path'),
  subscribedAt: at('subscribed_at'),
  checkedAt: at('checked_at').notNull().default(now),
  /** How often it was found gone and made again. */
  renewals: integer('renewals').notNull().default(0),
});

/** What controllers reported by themselves. */
export const controllerEvents = pgTable(
  'controller_events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    machineId: machineId(),
    /** Equal for repeats of one event. */
    key: text('key').notNull(),
    /** By our clock: the order to trust (quirk 35). */
    receivedAt: at('received_at').notNull().default(now),
    /** By the controller's clock, in its own words. */
    eventTime: text('event_time'),
    eventId: text('event_id'),
    kind: text('kind'),
    messageId: text('message_id'),
    severity: text('severity'),
    message: text('message'),
    /** Path of the resource that it is about. */
    origin: text('origin'),
  },
  (t) => [
    unique('controller_events_once').on(t.machineId, t.key),
    index('controller_events_machine').on(t.machineId, t.id),
  ],
);

/** One log of a controller, and how far it was read. */
export const controllerLogs = pgTable(
  'controller_logs',
  {
    machineId: machineId(),
    /** Path of the log service. */
    log: text('log').notNull(),
    name: text('name').notNull(),
    /** Fingerprints of the entries seen, as the reader gave them. */
    cursor: jsonb('cursor').$type<readonly string[]>().notNull(),
    /** Rises when the log begins anew: ids of entries come again then. */
    generation: integer('generation').notNull().default(1),
    /** Whether the last reading came to the log's end: only then nothing is lost by clearing it. */
    complete: boolean('complete').notNull(),
    readAt: at('read_at').notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.machineId, t.log] })],
);

/** Entries of controllers' logs, kept before anybody clears them. */
export const controllerLogEntries = pgTable(
  'controller_log_entries',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    machineId: machineId(),
    log: text('log').notNull(),
    generation: integer('generation').notNull(),
    fingerprint: text('fingerprint').notNull(),
    entryId: text('entry_id').notNull(),
    /** By the controller's clock, in its own words. */
    created: text('created'),
    severity: text('severity'),
    messageId: text('message_id'),
    message: text('message'),
    seenAt: at('seen_at').notNull().default(now),
  },
  (t) => [
    unique('controller_log_entries_once').on(t.machineId, t.log, t.generation, t.fingerprint),
    index('controller_log_entries_machine').on(t.machineId, t.id),
  ],
);

/** What a controller tells of its machine, by kind of part; written when it is different from what is there. */
export const controllerDocuments = pgTable(
  'controller_documents',
  {
    machineId: machineId(),
    kind: text('kind').notNull(),
    document: jsonb('document').notNull(),
    hash: text('hash').notNull(),
    /** Version of the controller's own firmware when it reported this. */
    firmwareVersion: text('firmware_version'),
    /** When it was first seen so. */
    seenAt: at('seen_at').notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.machineId, t.kind] })],
);

/**
 * Parts that came, went or were swapped, and firmware that has another version, as readings of controllers show; and
 * disks that agents found changed, once a person has confirmed it.
 */
export const hardwareChanges = pgTable(
  'hardware_changes',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    machineId: machineId(),
    seenAt: at('seen_at').notNull().default(now),
    kind: text('kind').notNull(),
    /** Slot, socket, bay or name of the part. */
    place: text('place').notNull(),
    change: text('change', { enum: ['added', 'removed', 'swapped', 'version'] }).notNull(),
    before: jsonb('before'),
    after: jsonb('after'),
    confirmedBy: text('confirmed_by'),
  },
  (t) => [index('hardware_changes_machine').on(t.machineId, t.id)],
);

/** Sensors at the time of a reading; the latest few of each machine are kept. */
export const sensorReadings = pgTable(
  'sensor_readings',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    machineId: machineId(),
    readAt: at('read_at').notNull().default(now),
    watts: real('watts'),
    sensors: jsonb('sensors').$type<readonly SensorRow[]>().notNull().default(sql`'[]'::jsonb`),
  },
  (t) => [index('sensor_readings_machine').on(t.machineId, t.id)],
);
