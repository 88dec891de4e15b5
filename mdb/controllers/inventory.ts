/** What controllers tell of their machines: parts, their changes, sensors, and when it was last looked after. */

import { and, asc, desc, eq, gt, inArray, isNotNull, isNull, ne, notExists, or, sql } from 'drizzle-orm';
import type { SensorRow } from '../../domain/records/sensors.ts';
import type { Mdb } from '../connect.ts';
import { lock } from '../locks.ts';
import {
  bmcs,
  controllerDocuments,
  controllerRecords,
  controllerSubscriptions,
  hardwareChanges,
  intents,
  machines,
  orders,
  profiles,
  sensorReadings,
} from '../schema.ts';

export interface DocumentRow {
  readonly kind: string;
  readonly document: unknown;
  /** Of the document: the same text for the same content. */
  readonly hash: string;
}

export interface ChangeRow {
  readonly kind: string;
  readonly place: string;
  readonly change: 'added' | 'removed' | 'swapped' | 'version';
  readonly before: unknown;
  readonly after: unknown;
}

/** Readings of sensors of one machine that are kept: a day's, at one in half an hour. */
const maxReadings = 48;

/**
 * Keeps what `decide` makes of the kept documents, by kind; only those whose hash differs are written. One reading of a
 * machine at a time, so that a change is noted once. Gives the kinds that were written.
 */
export async function keepDocuments(
  mdb: Mdb,
  machineId: string,
  firmwareVersion: string | null,
  decide: (kept: ReadonlyMap<string, DocumentRow>) => {
    readonly documents: readonly DocumentRow[];
    readonly changes: readonly ChangeRow[];
  },
): Promise<string[]> {
  return mdb.transaction(async (tx) => {
    await lock(tx, 'documents', machineId);
    const rows = await tx.select().from(controllerDocuments).where(eq(controllerDocuments.machineId, machineId));
    const kept = new Map(rows.map((row) => [row.kind, row]));
    const { documents, changes } = decide(kept);
    const fresh = documents.filter(({ kind, hash }) => kept.get(kind)?.hash !== hash);
    for (const { kind, document, hash } of fresh) {
      const row = { document, hash, firmwareVersion };
      await tx
        .insert(controllerDocuments)
        .values({ machineId, kind, ...row })
        .onConflictDoUpdate({
          target: [controllerDocuments.machineId, controllerDocuments.kind],
          set: { ...row, seenAt: sql`now()` },
        });
    }
    if (changes.length > 0)
      await tx.insert(hardwareChanges).values(changes.map((change) => ({ machineId, ...change })));
    return fresh.map(({ kind }) => kind);
  });
}

/** Keeps a reading; of the earlier ones, what the machine drew: all sensors of a day would be more than all else. */
export async function keepSensors(
  mdb: Mdb,
  machineId: string,
  reading: { readonly watts: number | null; readonly sensors: readonly SensorRow[] },
): Promise<void> {
  await mdb.transaction(async (tx) => {
    const mine = eq(sensorReadings.machineId, machineId);
    await tx
      .update(sensorReadings)
      .set({ sensors: [] })
      .where(and(mine, sql`${sensorReadings.sensors} <> '[]'::jsonb`));
    await tx.insert(sensorReadings).values({ machineId, ...reading });
    const oldest = tx
      .select({ id: sensorReadings.id })
      .from(sensorReadings)
      .where(eq(sensorReadings.machineId, machineId))
      .orderBy(desc(sensorReadings.id))
      .offset(maxReadings)
      .limit(1);
    await tx
      .delete(sensorReadings)
      .where(and(eq(sensorReadings.machineId, machineId), sql`${sensorReadings.id} <= (${oldest})`));
  });
}

/** What is known of a machine's hardware by its controller: documents by kind, latest changes, power over time. */
export async function readHardware(mdb: Mdb, machineId: string, limit: number) {
  const [documents, changes, readings, [records]] = await Promise.all([
    mdb
      .select()
      .from(controllerDocuments)
      .where(eq(controllerDocuments.machineId, machineId))
      .orderBy(asc(controllerDocuments.kind)),
    mdb
      .select()
      .from(hardwareChanges)
      .where(eq(hardwareChanges.machineId, machineId))
      .orderBy(desc(hardwareChanges.id))
      .limit(limit),
    mdb
      .select()
      .from(sensorReadings)
      .where(eq(sensorReadings.machineId, machineId))
      .orderBy(desc(sensorReadings.id))
      .limit(maxReadings),
    mdb.select().from(controllerRecords).where(eq(controllerRecords.machineId, machineId)),
  ]);
  return { documents, changes, readings, records: records ?? null };
}

/** What the sweep looks after; the settings are read by the reconciler. */
const sweptKinds = ['events', 'logs', 'inventory'] as const;
type SweptKind = (typeof sweptKinds)[number];
export type RecordKind = SweptKind | 'settings';

const columns = {
  events: { at: controllerRecords.eventsAt, names: ['eventsAt', 'eventsError'] },
  logs: { at: controllerRecords.logsAt, names: ['logsAt', 'logsError'] },
  inventory: { at: controllerRecords.inventoryAt, names: ['inventoryAt', 'inventoryError'] },
  settings: { at: controllerRecords.settingsAt, names: ['settingsAt', 'settingsError'] },
} as const;

/**
 * Notes that a record was looked after just now, and why it could not be kept up; null when it was. Of the settings the
 * time is that of the last good reading.
 */
export async function noteRecord(mdb: Mdb, machineId: string, kind: RecordKind, error: string | null): Promise<void> {
  const [time, why] = columns[kind].names;
  const set = { ...((error === null || kind !== 'settings') && { [time]: sql`now()` }), [why]: error };
  await mdb
    .insert(controllerRecords)
    .values({ machineId, ...set })
    .onConflictDoUpdate({ target: controllerRecords.machineId, set });
}

export interface ArchivePace {
  /** Seconds after which each record is looked after again. */
  readonly intervals: Readonly<Record<SweptKind, number>>;
  /** Whether events are wanted; where they aren't, only subscriptions that are left are due, to be ended. */
  readonly subscribing: boolean;
}

export interface Due {
  readonly machineId: string;
  readonly records: readonly SweptKind[];
}

/** Acts after which a record is looked after at once: some controllers lose subscriptions with their own restart. */
const stirring: Readonly<Record<SweptKind, readonly string[]>> = {
  events: ['reset-bmc', 'ac-cycle', 'update-firmware', 'start-firmware'],
  logs: [],
  inventory: ['update-firmware', 'start-firmware', 'erase-drive'],
};

function stirred(kind: SweptKind) {
  const acts = stirring[kind];
  if (acts.length === 0) return sql`false`;
  const since = sql`${intents.settledAt} > ${columns[kind].at}`;
  return sql`exists (select 1 from ${intents}
    where ${intents.machineId} = ${machines.id} and ${inArray(intents.kind, [...acts])} and ${since})`;
}

/**
 * Whether a machine's controller may be read beside its passages: it was supervised once (met by a passage, pinned if it
 * speaks TLS), is not in quarantine, and no command is under way (quirk 60). What a passage works on is left to it.
 */
function readable(mdb: Mdb, siteId: string) {
  const open = mdb
    .select({ id: intents.id })
    .from(intents)
    .where(
      and(
        eq(intents.machineId, machines.id),
        inArray(intents.state, ['written', 'sent']),
        gt(intents.writtenAt, sql`now() - interval '3 hours'`),
      ),
    );
  const live = mdb
    .select({ id: orders.id })
    .from(orders)
    .where(and(eq(orders.machineId, machines.id), inArray(orders.state, ['waiting', 'running'])));
  return and(
    eq(machines.siteId, siteId),
    // What has left the fleet may be anybody's by now.
    ne(machines.stage, 'retired'),
    isNotNull(machines.systemUuid),
    isNotNull(bmcs.firmwareVersion),
    isNull(bmcs.quarantine),
    sql`(${bmcs.pin} is not null or ${bmcs.origin} not like 'https:%')`,
    notExists(open),
    notExists(live),
  );
}

/**
 * Machines of a site, behind `after`, of whose profile settings or versions are wanted and that were not read since a
 * time; in their order.
 */
export async function listUnread(
  mdb: Mdb,
  siteId: string,
  { after, since }: { readonly after: string; readonly since: Date },
  limit: number,
): Promise<string[]> {
  const rows = await mdb
    .select({ id: machines.id })
    .from(machines)
    .innerJoin(bmcs, eq(bmcs.machineId, machines.id))
    .innerJoin(profiles, eq(profiles.id, machines.profileId))
    .leftJoin(controllerRecords, eq(controllerRecords.machineId, machines.id))
    .where(
      and(
        readable(mdb, siteId),
        isNotNull(machines.inServiceAt),
        gt(machines.id, after),
        sql`(${profiles.bios} <> '{}'::jsonb or ${profiles.firmware} <> '{}'::jsonb)`,
        sql`coalesce(${controllerRecords.settingsAt} < ${since.toISOString()}::timestamptz, true)`,
      ),
    )
    .orderBy(asc(machines.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/**
 * Machines of a site with records that are due. What has only just come out of a passage waits: a hundred racks at once
 * are born first.
 */
export async function listDue(
  mdb: Mdb,
  siteId: string,
  { intervals, subscribing }: ArchivePace,
  limit: number,
): Promise<Due[]> {
  const due = (kind: SweptKind) => {
    const late = sql`coalesce(${columns[kind].at} < now() - ${intervals[kind]} * interval '1 second', true)`;
    const wanted = kind !== 'events' || subscribing ? sql`true` : sql`${controllerSubscriptions.machineId} is not null`;
    return sql<boolean>`((${late} or ${stirred(kind)}) and ${wanted})`;
  };
  const rows = await mdb
    .select({ machineId: machines.id, events: due('events'), logs: due('logs'), inventory: due('inventory') })
    .from(machines)
    .innerJoin(bmcs, eq(bmcs.machineId, machines.id))
    .leftJoin(controllerRecords, eq(controllerRecords.machineId, machines.id))
    .leftJoin(controllerSubscriptions, eq(controllerSubscriptions.machineId, machines.id))
    .where(
      and(
        readable(mdb, siteId),
        sql`coalesce(${machines.inServiceAt} < now() - interval '5 minutes', true)`,
        or(...sweptKinds.map(due)),
      ),
    )
    .orderBy(asc(machines.id))
    .limit(limit);
  return rows.map((row) => ({ machineId: row.machineId, records: sweptKinds.filter((kind) => row[kind]) }));
}
