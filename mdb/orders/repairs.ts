/** Repairs: the history of attempts, bundles of evidence, and parts on their way. */
import { and, desc, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import type { Transaction } from '../acting.ts';
import { consoleOf } from '../controllers/consoles.ts';
import {
  bootCounts,
  bundles,
  burnins,
  controllerDocuments,
  controllerEvents,
  controllerLogEntries,
  disks,
  hardwareChanges,
  intents,
  machines,
  nics,
  repairAttempts,
  replacements,
  sensorReadings,
} from '../schema.ts';

/** Rows of each kind that a bundle keeps at most. */
const max = 50;

export interface AttemptRow {
  readonly machineId: string;
  readonly orderId: string;
  readonly fault: string;
  readonly attempt: string;
}

/**
 * Attempts at this machine within the last weeks, newest first; without the one that is begun, which may have
 * been written by an earlier try of the same activity.
 */
export function attempted(tx: Transaction, { machineId, orderId, attempt }: AttemptRow) {
  const own = and(
    eq(repairAttempts.orderId, orderId),
    eq(repairAttempts.attempt, attempt),
    isNull(repairAttempts.outcome),
  );
  return tx
    .select({ attempt: repairAttempts.attempt, at: repairAttempts.attemptedAt })
    .from(repairAttempts)
    .where(
      and(
        eq(repairAttempts.machineId, machineId),
        gt(repairAttempts.attemptedAt, sql`now() - interval '30 days'`),
        sql`not (${own})`,
      ),
    )
    .orderBy(desc(repairAttempts.attemptedAt))
    .limit(200);
}

/** Writes the attempt as begun, once an order. */
export async function beginAttempt(tx: Transaction, row: AttemptRow): Promise<void> {
  const { orderId, attempt } = row;
  const known = await tx.$count(
    repairAttempts,
    and(eq(repairAttempts.orderId, orderId), eq(repairAttempts.attempt, attempt), isNull(repairAttempts.outcome)),
  );
  if (known === 0) await tx.insert(repairAttempts).values(row);
}

export async function endAttempt(
  tx: Transaction,
  { orderId, attempt }: AttemptRow,
  outcome: 'healed' | 'false_positive' | 'failed' | 'handed-on',
  seen: string,
): Promise<void> {
  await tx
    .update(repairAttempts)
    .set({ outcome, seen })
    .where(
      and(eq(repairAttempts.orderId, orderId), eq(repairAttempts.attempt, attempt), isNull(repairAttempts.outcome)),
    );
}

/** What the MDB knows that matters to whoever repairs the machine, the latest of each kind. */
export async function gatherEvidence(tx: Transaction, machineId: string) {
  const logs = await tx
    .select()
    .from(controllerLogEntries)
    .where(eq(controllerLogEntries.machineId, machineId))
    .orderBy(desc(controllerLogEntries.id))
    .limit(max);
  const events = await tx
    .select()
    .from(controllerEvents)
    .where(eq(controllerEvents.machineId, machineId))
    .orderBy(desc(controllerEvents.id))
    .limit(max);
  const [sensors] = await tx
    .select()
    .from(sensorReadings)
    .where(eq(sensorReadings.machineId, machineId))
    .orderBy(desc(sensorReadings.readAt))
    .limit(1);
  const tests = await tx
    .select()
    .from(burnins)
    .where(eq(burnins.machineId, machineId))
    .orderBy(desc(burnins.startedAt))
    .limit(5);
  const acts = await tx
    .select({ kind: intents.kind, state: intents.state, observed: intents.observed, at: intents.writtenAt })
    .from(intents)
    .where(eq(intents.machineId, machineId))
    .orderBy(desc(intents.writtenAt))
    .limit(20);
  const [machine] = await tx
    .select({ keyStore: machines.keyStore, lastSeenAt: machines.lastSeenAt })
    .from(machines)
    .where(eq(machines.id, machineId));
  const { keyStore = null, lastSeenAt = null } = machine ?? {};
  const boots = await lastBootRequest(tx, machineId);
  const row = await consoleOf(tx, machineId);
  const console = row ?? { lines: [], missing: 'it was not read', readAt: null };
  return { logs, events, sensors: sensors ?? null, tests, acts, keyStore, lastSeenAt, boots, console };
}

/** When it last asked for a boot, and what it was answered; null when it never did. */
async function lastBootRequest(tx: Transaction, machineId: string) {
  const macs = tx
    .select({ mac: sql<string>`${nics.mac}::text` })
    .from(nics)
    .where(eq(nics.machineId, machineId));
  const [row] = await tx
    .select({ at: bootCounts.lastAt, answer: bootCounts.answer })
    .from(bootCounts)
    .where(inArray(bootCounts.mac, macs))
    .orderBy(desc(bootCounts.lastAt))
    .limit(1);
  return row ?? null;
}

/** Disks as the agent last reported them, drives as the controller shows them, and what became of those that it showed. */
export async function gatherDisks(tx: Transaction, machineId: string) {
  const known = await tx
    .select({ serial: disks.serial, name: disks.name, bytes: disks.bytes })
    .from(disks)
    .where(and(eq(disks.machineId, machineId), eq(disks.present, true)))
    .orderBy(disks.name);
  const [kept] = await tx
    .select({ document: controllerDocuments.document })
    .from(controllerDocuments)
    .where(and(eq(controllerDocuments.machineId, machineId), eq(controllerDocuments.kind, 'drives')));
  const drives = (kept?.document ?? []) as readonly { serial: string | null; slot: string | null }[];
  const changes = await tx
    .select({ place: hardwareChanges.place, before: hardwareChanges.before, after: hardwareChanges.after })
    .from(hardwareChanges)
    .where(and(eq(hardwareChanges.machineId, machineId), eq(hardwareChanges.kind, 'drives')))
    .orderBy(desc(hardwareChanges.id))
    .limit(max);
  const left = changes.flatMap(({ place, before, after }) => {
    const serial = serialOf(before);
    return serial === null ? [] : [{ serial, slot: place, next: serialOf(after) }];
  });
  return { known, observed: drives, left };
}

function serialOf(part: unknown): string | null {
  const { serial } = (part ?? {}) as { serial?: unknown };
  return typeof serial === 'string' ? serial : null;
}

export async function writeBundle(tx: Transaction, row: typeof bundles.$inferInsert): Promise<void> {
  await tx.insert(bundles).values(row).onConflictDoNothing();
}

/** A part goes back under the maker's number; the same number again is the same part. */
export async function openReplacement(tx: Transaction, row: typeof replacements.$inferInsert): Promise<void> {
  await tx.insert(replacements).values(row).onConflictDoNothing();
}

/** The part that takes the place of the one that went back last for this fault. */
export async function fitReplacement(
  tx: Transaction,
  { orderId, serial, by }: { orderId: string; serial: string; by: string },
): Promise<void> {
  await tx
    .update(replacements)
    .set({ serial, fittedAt: sql`now()`, fittedBy: by })
    .where(and(eq(replacements.orderId, orderId), isNull(replacements.fittedAt)));
}
