/** Events of controllers, and the subscriptions that bring them. */
import { createHash } from 'node:crypto';
import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Mdb } from '../connect.ts';
import { controllerEvents, controllerSubscriptions } from '../schema.ts';

export type EventRow = Omit<typeof controllerEvents.$inferInsert, 'id' | 'machineId' | 'receivedAt'>;

/** Of one machine; older ones make room. */
const maxKept = 5000;

/** What is kept of the token in a controller's address for events. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Machines by the hash of the token that their controllers show; tokens of nobody are missing. */
export async function machinesByToken(mdb: Mdb, hashes: readonly string[]): Promise<Map<string, string>> {
  const rows = await mdb
    .select({ hash: controllerSubscriptions.tokenHash, machineId: controllerSubscriptions.machineId })
    .from(controllerSubscriptions)
    .where(inArray(controllerSubscriptions.tokenHash, [...hashes]));
  return new Map(rows.map(({ hash, machineId }) => [hash, machineId]));
}

/** Keeps what is new of these events; gives how many that were. */
export async function keepEvents(mdb: Mdb, machineId: string, events: readonly EventRow[]): Promise<number> {
  if (events.length === 0) return 0;
  return mdb.transaction(async (tx) => {
    const kept = await tx
      .insert(controllerEvents)
      .values(events.map((event) => ({ ...event, machineId })))
      .onConflictDoNothing({ target: [controllerEvents.machineId, controllerEvents.key] })
      .returning({ id: controllerEvents.id });
    if (kept.length === 0) return 0;
    const oldest = tx
      .select({ id: controllerEvents.id })
      .from(controllerEvents)
      .where(eq(controllerEvents.machineId, machineId))
      .orderBy(desc(controllerEvents.id))
      .offset(maxKept)
      .limit(1);
    await tx
      .delete(controllerEvents)
      .where(and(eq(controllerEvents.machineId, machineId), sql`${controllerEvents.id} <= (${oldest})`));
    return kept.length;
  });
}

/** Newest first, by when they came. */
export async function listEvents(
  mdb: Mdb,
  machineId: string,
  page: { readonly limit: number; readonly after?: string | undefined },
) {
  const older = page.after === undefined ? undefined : lt(controllerEvents.id, Number(page.after));
  return mdb
    .select()
    .from(controllerEvents)
    .where(and(eq(controllerEvents.machineId, machineId), older))
    .orderBy(desc(controllerEvents.id))
    .limit(page.limit);
}

export async function countEvents(mdb: Mdb, machineId: string): Promise<number> {
  return mdb.$count(controllerEvents, eq(controllerEvents.machineId, machineId));
}

export async function subscriptionOf(mdb: Mdb, machineId: string) {
  const [row] = await mdb
    .select()
    .from(controllerSubscriptions)
    .where(eq(controllerSubscriptions.machineId, machineId));
  return row ?? null;
}

/**
 * Puts the hash of a new token in force, before the controller hears of the token: what it sends at once is then known.
 * The former token is nobody's any more.
 */
export async function mintSubscription(mdb: Mdb, machineId: string, tokenHash: string, context: string): Promise<void> {
  await mdb
    .insert(controllerSubscriptions)
    .values({ machineId, tokenHash, context })
    .onConflictDoUpdate({
      target: controllerSubscriptions.machineId,
      set: {
        tokenHash,
        context,
        path: null,
        checkedAt: sql`now()`,
        renewals: sql`${controllerSubscriptions.renewals} + (${controllerSubscriptions.path} is not null)::int`,
      },
    });
}

/** Forgets a subscription: its token is nobody's any more. */
export async function forgetSubscription(mdb: Mdb, machineId: string): Promise<void> {
  await mdb.delete(controllerSubscriptions).where(eq(controllerSubscriptions.machineId, machineId));
}

/** Notes where the subscription is, as seen at the controller just now. */
export async function noteSubscription(mdb: Mdb, machineId: string, path: string | null): Promise<void> {
  await mdb
    .update(controllerSubscriptions)
    .set({
      path,
      checkedAt: sql`now()`,
      ...(path !== null && { subscribedAt: sql`coalesce(${controllerSubscriptions.subscribedAt}, now())` }),
    })
    .where(eq(controllerSubscriptions.machineId, machineId));
}
