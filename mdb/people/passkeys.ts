/** Passkeys of people, and what they are asked to sign. */
import { and, asc, count, eq, isNull, sql } from 'drizzle-orm';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { passkeyChallenges, passkeys, people } from '../schema.ts';
import type { PersonRow } from './persons.ts';

export type PasskeyRow = typeof passkeys.$inferSelect;

/** Nobody has so many devices. */
const maxPasskeys = 20;
const goodForMinutes = 5;

/** Keeps what an authenticator is to sign, of a person who adds it or, with null, of somebody who signs in. */
export async function keepChallenge(mdb: MdbOrTransaction, challenge: string, personId: string | null): Promise<void> {
  await mdb.delete(passkeyChallenges).where(sql`${passkeyChallenges.expiresAt} <= now()`);
  const expiresAt = sql`now() + make_interval(mins => ${goodForMinutes})`;
  await mdb.insert(passkeyChallenges).values({ challenge, personId, expiresAt });
}

/** Whether it was to be signed; it is good for nothing from then on. */
export async function takeChallenge(
  mdb: MdbOrTransaction,
  challenge: string,
  personId: string | null,
): Promise<boolean> {
  const { challenge: text, personId: whose, expiresAt } = passkeyChallenges;
  const taken = await mdb
    .delete(passkeyChallenges)
    .where(and(eq(text, challenge), personId === null ? isNull(whose) : eq(whose, personId), sql`${expiresAt} > now()`))
    .returning({ text });
  return taken.length > 0;
}

export async function listPasskeys(mdb: MdbOrTransaction, personId: string): Promise<PasskeyRow[]> {
  return mdb.select().from(passkeys).where(eq(passkeys.personId, personId)).orderBy(asc(passkeys.createdAt));
}

export async function addPasskey(
  mdb: Mdb,
  actor: Actor,
  passkey: Omit<PasskeyRow, 'createdAt' | 'usedAt'>,
): Promise<true | Refused> {
  return acting(mdb, actor, null, async (tx) => {
    const { id, personId, name, host } = passkey;
    await tx.select({ id: people.id }).from(people).where(eq(people.id, personId)).for('update');
    const [had] = await tx.select({ all: count() }).from(passkeys).where(eq(passkeys.personId, personId));
    if ((had?.all ?? 0) >= maxPasskeys)
      return { code: 'conflict', message: `there are ${maxPasskeys} passkeys of ${actor.name} already` } as const;
    const added = await tx.insert(passkeys).values(passkey).onConflictDoNothing().returning({ id: passkeys.id });
    if (added.length === 0) return { code: 'conflict', message: 'this passkey is there already' } as const;
    await record(tx, { actor, action: 'passkey.add', detail: { passkey: id, person: personId, name, host } });
    return true;
  });
}

export async function removePasskey(mdb: Mdb, actor: Actor, personId: string, id: string): Promise<boolean> {
  return acting(mdb, actor, null, async (tx) => {
    const own = and(eq(passkeys.id, id), eq(passkeys.personId, personId));
    const [gone] = await tx.delete(passkeys).where(own).returning({ name: passkeys.name });
    if (!gone) return false;
    await record(tx, { actor, action: 'passkey.remove', detail: { passkey: id, person: personId, name: gone.name } });
    return true;
  });
}

/** A passkey of a host, with its person, whether or not they may sign in. */
export async function findPasskey(
  mdb: MdbOrTransaction,
  id: string,
  host: string,
): Promise<{ readonly passkey: PasskeyRow; readonly person: PersonRow } | null> {
  const [row] = await mdb
    .select({ passkey: passkeys, person: people })
    .from(passkeys)
    .innerJoin(people, eq(people.id, passkeys.personId))
    .where(and(eq(passkeys.id, id), eq(passkeys.host, host)));
  return row ?? null;
}

/** Keeps how often it has signed by now. */
export async function notePasskeyUse(mdb: MdbOrTransaction, id: string, counter: number): Promise<void> {
  await mdb.update(passkeys).set({ counter, usedAt: sql`now()` }).where(eq(passkeys.id, id));
}
