/** The provider of accounts, and the people who come from it. */
import { randomBytes } from 'node:crypto';
import { and, eq, ne } from 'drizzle-orm';
import type { Grant } from '../../domain/grants.ts';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, explain, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { people, providers } from '../schema.ts';
import type { PersonRow } from './persons.ts';

export type ProviderRow = Omit<typeof providers.$inferSelect, 'id'>;

/** There is one at most. */
const only = 'main';

const { id: _, ...columns } = {
  id: providers.id,
  name: providers.name,
  issuer: providers.issuer,
  clientId: providers.clientId,
  secretRef: providers.secretRef,
  scopes: providers.scopes,
  nameClaim: providers.nameClaim,
  rules: providers.rules,
};

export async function readProvider(mdb: MdbOrTransaction): Promise<ProviderRow | null> {
  const [row] = await mdb.select(columns).from(providers).where(eq(providers.id, only));
  return row ?? null;
}

/** Writes what the provider is; null for none any more. */
export async function setProvider(
  mdb: Mdb,
  operator: Actor,
  wanted: ProviderRow | null,
  reason: string,
): Promise<void> {
  await acting(mdb, operator, null, async (tx) => {
    await explain(tx, { reason });
    if (wanted === null) await tx.delete(providers).where(eq(providers.id, only));
    else
      await tx
        .insert(providers)
        .values({ ...wanted, id: only })
        .onConflictDoUpdate({ target: providers.id, set: wanted });
    const detail = { ...(wanted && { issuer: wanted.issuer, rules: wanted.rules }), reason };
    await record(tx, { actor: operator, action: wanted === null ? 'provider.remove' : 'provider.set', detail });
  });
}

/** Somebody as their provider tells of them. */
export interface Told {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly grants: readonly Grant[];
}

const provider: Actor = { class: 'system', name: 'provider' };

/** Keeps what a provider tells of somebody: the first time, that there is such a person. Known by subject, never by name. */
export async function meetPerson(mdb: Mdb, told: Told): Promise<PersonRow | Refused> {
  const { issuer, subject, name, grants } = told;
  return acting(mdb, provider, null, async (tx) => {
    const same = and(eq(people.issuer, issuer), eq(people.subject, subject));
    const [known] = await tx.select().from(people).where(same).for('update');
    if (await isTaken(tx, name, known?.id ?? ''))
      return {
        code: 'conflict',
        message: `there is another account with the name ${name}: an administrator sees to one of the two`,
      } as const;
    if (!known) return addPerson(tx, told);
    if (known.name === name && JSON.stringify(known.grants) === JSON.stringify(grants)) return known;
    const [row] = await tx.update(people).set({ name, grants }).where(eq(people.id, known.id)).returning();
    const before = { name: known.name, grants: known.grants };
    await record(tx, { actor: provider, action: 'person.grant', detail: { person: known.id, name, grants, before } });
    return row ?? known;
  });
}

async function isTaken(tx: Transaction, name: string, but: string): Promise<boolean> {
  const others = and(eq(people.name, name), ne(people.id, but));
  return (await tx.select({ id: people.id }).from(people).where(others)).length > 0;
}

async function addPerson(tx: Transaction, { issuer, subject, name, grants }: Told): Promise<PersonRow> {
  const id = `person-${randomBytes(6).toString('hex')}`;
  const [row] = await tx
    .insert(people)
    .values({ id, name, grants, issuer, subject, createdBy: provider.name })
    .returning();
  if (!row) throw new Error('a person who was written is not there');
  await record(tx, { actor: provider, action: 'person.create', detail: { person: row.id, name, grants, issuer } });
  return row;
}
