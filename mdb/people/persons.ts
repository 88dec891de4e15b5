/** People with accounts: made, granted roles and disabled by those who are admin of as much. */
import { randomBytes } from 'node:crypto';
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { type Grant, mayGrant } from '../../domain/grants.ts';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { passkeys, people, sessions } from '../schema.ts';

export type PersonRow = typeof people.$inferSelect;

/** Somebody who changes accounts. */
export interface AccountAdmin extends Actor {
  /** Whose account it is. */
  readonly person: string;
  /** What they may give away. */
  readonly grants: readonly Grant[];
}

export interface PersonSpec {
  readonly name: string;
  readonly grants: readonly Grant[];
  /** In PHC form. */
  readonly passwordHash: string;
  readonly reason: string | null;
}

const because = (reason: string | null) => (reason === null ? {} : { reason });

export async function createPerson(mdb: Mdb, admin: AccountAdmin, spec: PersonSpec): Promise<PersonRow | Refused> {
  const { name, grants, passwordHash, reason } = spec;
  if (!mayGrant(admin.grants, grants))
    return { code: 'forbidden', message: `${admin.name} is not admin of all that ${name} would be` };
  const id = `person-${randomBytes(6).toString('hex')}`;
  return acting(mdb, admin, null, async (tx) => {
    const values = { id, name, grants, passwordHash, passwordBy: admin.person, createdBy: admin.name };
    const [row] = await tx.insert(people).values(values).onConflictDoNothing().returning();
    if (!row) return { code: 'conflict', message: `there is a person ${name} already`, field: 'name' } as const;
    await record(tx, {
      actor: admin,
      action: 'person.create',
      detail: { person: id, name, grants, ...because(reason) },
    });
    return row;
  });
}

/** All, by name. */
export async function listPeople(mdb: MdbOrTransaction): Promise<PersonRow[]> {
  return mdb.select().from(people).orderBy(asc(people.name));
}

export async function findPerson(mdb: MdbOrTransaction, name: string): Promise<PersonRow | null> {
  const [row] = await mdb.select().from(people).where(eq(people.name, name));
  return row ?? null;
}

/** Changes somebody's account, where whoever does is admin of all that they are. */
async function changePerson(
  mdb: Mdb,
  admin: AccountAdmin,
  name: string,
  change: (tx: Transaction, row: PersonRow) => Promise<true | Refused>,
): Promise<true | Refused> {
  return acting(mdb, admin, null, async (tx) => {
    const [row] = await tx.select().from(people).where(eq(people.name, name)).for('update');
    if (!row || !mayGrant(admin.grants, row.grants))
      return { code: 'not-found', message: `there is no person ${name} whom ${admin.name} may change` } as const;
    return change(tx, row);
  });
}

/** Gives somebody these roles in place of theirs, from the next request on. */
export function setGrants(
  mdb: Mdb,
  admin: AccountAdmin,
  name: string,
  { grants, reason }: { readonly grants: readonly Grant[]; readonly reason: string | null },
): Promise<true | Refused> {
  return changePerson(mdb, admin, name, async (tx, row) => {
    if (row.issuer !== null)
      return {
        code: 'conflict',
        message: `${name} comes from ${row.issuer}: what they may is said by the rules of the provider`,
      };
    if (!mayGrant(admin.grants, grants))
      return { code: 'forbidden', message: `${admin.name} is not admin of all that ${name} would be` };
    await tx.update(people).set({ grants }).where(eq(people.id, row.id));
    const detail = { person: row.id, name, grants, before: row.grants, ...because(reason) };
    await record(tx, { actor: admin, action: 'person.grant', detail });
    return true;
  });
}

/** Gives somebody another password, by which alone they sign in from then on, and which they are to change. */
export function givePassword(
  mdb: Mdb,
  admin: AccountAdmin,
  name: string,
  { passwordHash, reason }: { readonly passwordHash: string; readonly reason: string | null },
): Promise<true | Refused> {
  return changePerson(mdb, admin, name, async (tx, row) => {
    if (row.issuer !== null)
      return { code: 'conflict', message: `${name} comes from ${row.issuer}, and has no password here` };
    await tx.update(people).set({ passwordHash, passwordBy: admin.person }).where(eq(people.id, row.id));
    await tx.delete(passkeys).where(eq(passkeys.personId, row.id));
    await endSessionsOf(tx, row.id);
    await record(tx, {
      actor: admin,
      action: 'person.password',
      detail: { person: row.id, name, ...because(reason) },
    });
    return true;
  });
}

/** Lets somebody sign in no more, and ends what they are signed in by; or lets them again. */
export function setDisabled(
  mdb: Mdb,
  admin: AccountAdmin,
  name: string,
  { disabled, reason }: { readonly disabled: boolean; readonly reason: string },
): Promise<true | Refused> {
  return changePerson(mdb, admin, name, async (tx, row) => {
    if ((row.disabledAt !== null) === disabled)
      return { code: 'conflict', message: `${name} is ${disabled ? '' : 'not '}disabled` };
    const by = disabled ? { disabledAt: sql`now()`, disabledBy: admin.name } : { disabledAt: null, disabledBy: null };
    await tx.update(people).set(by).where(eq(people.id, row.id));
    if (disabled) await endSessionsOf(tx, row.id);
    const action = disabled ? 'person.disable' : 'person.enable';
    await record(tx, { actor: admin, action, detail: { person: row.id, name, reason } });
    return true;
  });
}

/** Takes the password that somebody chose; other sign-ins of theirs end. */
export async function choosePassword(
  mdb: Mdb,
  person: Pick<PersonRow, 'id' | 'name'>,
  { passwordHash, sessionId }: { readonly passwordHash: string; readonly sessionId: string },
): Promise<void> {
  const actor = { class: 'user', name: person.name } as const;
  await acting(mdb, actor, null, async (tx) => {
    await tx.update(people).set({ passwordHash, passwordBy: null }).where(eq(people.id, person.id));
    await endSessionsOf(tx, person.id, sessionId);
    await record(tx, { actor, action: 'person.password', detail: { person: person.id, name: person.name } });
  });
}

/** Ends all that somebody is signed in by, but one. */
export async function endSessionsOf(tx: MdbOrTransaction, personId: string, but = ''): Promise<void> {
  await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(eq(sessions.personId, personId), isNull(sessions.endedAt), sql`${sessions.id} <> ${but}`));
}
