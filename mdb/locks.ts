/** What transactions queue for in PostgreSQL's advisory locks: one name and one number a subject, all of them here. */
import { sql } from 'drizzle-orm';
import type { MdbOrTransaction } from './connect.ts';

/**
 * The number is the lock's key, or its first key where a name's hash is the second. Two subjects under one number would
 * wait for each other, and could deadlock.
 */
export const lockSpaces = {
  /** Taken by the trigger that chains the rows of the audit (migration 0001). */
  audit: 719_203,
  places: 719_204,
  /** A card's MAC, a machine's UUID. */
  identity: 719_205,
  /** Machines that people order: a MAC, a place in a rack. */
  registration: 719_206,
  /** Held by a session and not by a transaction: `mdb/claim.ts`. */
  claims: 719_207,
  takenOut: 719_208,
  /** Documents of one machine's controller. */
  documents: 719_209,
  /** The ledger of one semaphore. */
  semaphores: 719_210,
  /** Rounds of one site's reconciler. */
  rounds: 719_211,
  /** Machines that boot with another one's card: a MAC. */
  newcomers: 719_212,
  /** Logs of one machine's controller. */
  logs: 719_213,
} as const;

/** Those that a transaction takes one at a time, under one key or under a name. */
type Subject = Exclude<keyof typeof lockSpaces, 'audit' | 'identity' | 'claims'>;

/** Waits until no other transaction has this lock; it is held to the transaction's end. */
export async function lock(tx: Pick<MdbOrTransaction, 'execute'>, subject: Subject, name?: string): Promise<void> {
  const space = lockSpaces[subject];
  await tx.execute(
    name === undefined
      ? sql`select pg_advisory_xact_lock(${space})`
      : sql`select pg_advisory_xact_lock(${space}, hashtext(${name}))`,
  );
}
