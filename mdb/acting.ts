import { sql } from 'drizzle-orm';
import type { Mdb, MdbOrTransaction } from './connect.ts';
import type { ActorClass } from './machine.ts';
import { audit } from './schema.ts';

export interface Actor {
  readonly class: ActorClass;
  /** `birther`, `birth`, a person's name … */
  readonly name: string;
}

export type Transaction = Parameters<Parameters<Mdb['transaction']>[0]>[0];

/** Runs a transaction whose changes of guarded columns are written to the history under this actor and order. */
export function acting<T>(
  mdb: Mdb,
  actor: Actor,
  orderId: string | null,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return mdb.transaction(async (tx) => {
    await tx.execute(
      sql`select set_config('farrier.actor', ${actor.name}, true), set_config('farrier.order', ${orderId ?? ''}, true)`,
    );
    return work(tx);
  });
}

export interface AuditEntry {
  readonly actor: Actor;
  readonly action: string;
  readonly machineId?: string | null;
  readonly orderId?: string | null;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Appends to the audit. Call it last in a transaction: writers queue for the chain until they commit. */
export async function record(tx: MdbOrTransaction, entry: AuditEntry): Promise<void> {
  await tx.insert(audit).values({
    actorClass: entry.actor.class,
    actor: entry.actor.name,
    action: entry.action,
    machineId: entry.machineId ?? null,
    orderId: entry.orderId ?? null,
    detail: entry.detail ?? {},
  });
}
