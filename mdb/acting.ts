import { sql } from 'drizzle-orm';
import type { ActorClass } from '../domain/machine.ts';
import type { Mdb, MdbOrTransaction } from './connect.ts';
import { audit } from './schema.ts';
import { violationOf } from './trouble.ts';

export interface Actor {
  readonly class: ActorClass;
  /** `birther`, `birth`, a person's name … */
  readonly name: string;
  /** Run of the order's passage that it works for: what an earlier run wants is refused. */
  readonly epoch?: number | undefined;
  /** The second person, where what it does took one. */
  readonly approvedBy?: string | undefined;
}

/** A writer of an earlier run of a passage, or of an order that has ended. Trying again changes nothing. */
export class StaleRun extends Error {
  override readonly name = 'StaleRun';
}

export type Transaction = Parameters<Parameters<Mdb['transaction']>[0]>[0];

/**
 * Runs a transaction whose changes of guarded columns are written to the history under this actor and order. Throws
 * StaleRun, having changed nothing, for an actor of an earlier run of the order's passage.
 */
export async function acting<T>(
  mdb: Mdb,
  actor: Actor,
  orderId: string | null,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await mdb.transaction(async (tx) => {
      await identify(tx, actor, orderId ?? '');
      return work(tx);
    });
  } catch (error) {
    // A trigger looks once more, where the machine's row is locked.
    const violation = violationOf(error);
    if (violation?.constraint === 'machines_epoch') throw new StaleRun(violation.message);
    throw error;
  }
}

/** Without bound values, so that it goes to the server with `begin`, in one round trip. */
async function identify(tx: Transaction, { name, epoch, approvedBy = '' }: Actor, orderId: string): Promise<void> {
  const now = epoch === undefined ? 'null::integer' : `(select epoch from orders where id = ${literal(orderId)})`;
  const rows = await tx.execute<{ epoch: number | null }>(
    sql.raw(`select set_config('farrier.actor', ${literal(name)}, true), set_config('farrier.order', ${literal(orderId)}, true),
      set_config('farrier.approver', ${literal(approvedBy)}, true), set_config('farrier.epoch', ${literal(epoch === undefined ? '' : String(epoch))}, true), ${now} as epoch`),
  );
  const current = rows[0]?.epoch ?? epoch;
  if (current !== epoch)
    throw new StaleRun(
      `order ${orderId} goes on in its run ${current}, and this is its run ${epoch}: nothing was changed`,
    );
}

/** A text of SQL in which nothing can end it: its bytes, in hexadecimal. */
function literal(text: string): string {
  return `convert_from('\\x${Buffer.from(text).toString('hex')}', 'UTF8')`;
}

export interface Explanation {
  readonly reason: string;
  /** Version that is brought back. */
  readonly restores?: number;
}

/** Says why, for the versions of the policies that the transaction writes. */
export async function explain(tx: MdbOrTransaction, { reason, restores }: Explanation): Promise<void> {
  await tx.execute(sql`select set_config('farrier.reason', ${reason}, true),
    set_config('farrier.restores', ${String(restores ?? '')}, true)`);
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
  const { approvedBy } = entry.actor;
  await tx.insert(audit).values({
    actorClass: entry.actor.class,
    actor: entry.actor.name,
    action: entry.action,
    machineId: entry.machineId ?? null,
    orderId: entry.orderId ?? null,
    detail: { ...entry.detail, ...(approvedBy !== undefined && { approvedBy }) },
  });
}
