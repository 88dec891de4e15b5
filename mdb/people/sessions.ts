/** Sign-ins that last. A secret is 256 random bits, of which only a hash is kept. */
import { createHash, randomBytes } from 'node:crypto';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { type SessionKind, type SignInWay, sessionLimits } from '../../domain/sessions.ts';
import { type Actor, acting, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { people, sessions } from '../schema.ts';
import type { PersonRow } from './persons.ts';

/** How the secret of a session begins, which is none of a token's. */
export const sessionMark = 'farrier_session_';

const digest = (secret: string) => createHash('sha256').update(secret).digest('hex');

export type SessionRow = Omit<typeof sessions.$inferSelect, 'hash'>;

export interface SignedIn {
  readonly session: SessionRow;
  readonly person: Omit<PersonRow, 'passwordHash'>;
}

const shown = {
  id: sessions.id,
  personId: sessions.personId,
  kind: sessions.kind,
  way: sessions.way,
  createdAt: sessions.createdAt,
  usedAt: sessions.usedAt,
  expiresAt: sessions.expiresAt,
  idleAt: sessions.idleAt,
  endedAt: sessions.endedAt,
  refresh: sessions.refresh,
  checkedAt: sessions.checkedAt,
  confirmedAt: sessions.confirmedAt,
};
const whose = {
  id: people.id,
  name: people.name,
  grants: people.grants,
  passwordBy: people.passwordBy,
  issuer: people.issuer,
  subject: people.subject,
  createdBy: people.createdBy,
  createdAt: people.createdAt,
  disabledAt: people.disabledAt,
  disabledBy: people.disabledBy,
};

export interface SessionSpec {
  readonly kind: SessionKind;
  readonly way: SignInWay;
  /** From where. */
  readonly address: string;
  /** Of who comes from a provider: by which it is asked again whether they still may, sealed by the session's secret. */
  readonly seal?: ((secret: string) => string) | undefined;
  /** Milliseconds after which it ends in any case, where that is sooner than usual. */
  readonly lifeMs?: number | undefined;
}

/** Rows of sessions that ended are kept for that long: the audit keeps who signed in for ever. */
const keptDays = 30;

const inMs = (ms: number) => sql`now() + make_interval(secs => ${ms / 1000})`;

/** Signs somebody in; null where they were disabled meanwhile. The secret is in the answer, and nowhere else again. */
export async function startSession(
  mdb: Mdb,
  { id: personId, name }: Pick<PersonRow, 'id' | 'name'>,
  { kind, way, address, seal, lifeMs = sessionLimits[kind].lifeMs }: SessionSpec,
): Promise<{ readonly session: SessionRow; readonly secret: string } | null> {
  const secret = `${sessionMark}${randomBytes(32).toString('base64url')}`;
  const id = `session-${randomBytes(6).toString('hex')}`;
  const { idleMs } = sessionLimits[kind];
  const refresh = seal?.(secret) ?? null;
  const actor: Actor = { class: 'user', name };
  return acting(mdb, actor, null, async (tx) => {
    await tx.delete(sessions).where(sql`${sessions.expiresAt} < now() - make_interval(days => ${keptDays})`);
    // Whoever disables somebody waits for this row, and ends the session that is made here.
    const able = and(eq(people.id, personId), isNull(people.disabledAt));
    const [person] = await tx.select({ id: people.id }).from(people).where(able).for('update');
    if (!person) return null;
    const [session] = await tx
      .insert(sessions)
      .values({
        ...{ id, personId, hash: digest(secret), kind, way, refresh },
        ...{ expiresAt: inMs(lifeMs), idleAt: inMs(Math.min(idleMs, lifeMs)) },
      })
      .returning(shown);
    if (!session) throw new Error('a session that was written is not there');
    await record(tx, { actor, action: 'session.start', detail: { session: id, kind, way, address } });
    return { session, secret };
  });
}

/** Who is signed in by it; null for one that is unknown or has ended: for each of them the same is read. */
export async function findSession(mdb: MdbOrTransaction, secret: string, kind: SessionKind): Promise<SignedIn | null> {
  const live = sql<boolean>`${sessions.endedAt} is null and ${sessions.expiresAt} > now() and ${sessions.idleAt} > now()
    and ${people.disabledAt} is null`;
  const [row] = await mdb
    .select({ session: shown, person: whose, live })
    .from(sessions)
    .innerJoin(people, eq(people.id, sessions.personId))
    .where(and(eq(sessions.hash, digest(secret)), eq(sessions.kind, kind)));
  if (!row?.live) return null;
  return { session: row.session, person: row.person };
}

/** Keeps that it was used, once a minute at most, so that it lasts on. */
export async function noteSessionUse(mdb: MdbOrTransaction, { id, kind }: SessionRow): Promise<void> {
  const { idleMs } = sessionLimits[kind];
  await mdb
    .update(sessions)
    .set({ usedAt: sql`now()`, idleAt: sql`least(${sessions.expiresAt}, ${inMs(idleMs)})` })
    .where(and(eq(sessions.id, id), sql`${sessions.usedAt} < now() - interval '1 minute'`));
}

/** Between two times that a provider is asked whether somebody still may; and after it gave no answer. */
const [checkMinutes, retrySeconds] = [5, 30];

export function isCheckDue({ refresh, checkedAt }: SessionRow): boolean {
  return refresh !== null && Date.now() - checkedAt.getTime() > checkMinutes * 60_000;
}

/**
 * Lets one process alone ask the provider, by what was sealed: it is good once. Null for who is not to ask; the session
 * goes on meanwhile.
 */
export async function claimCheck(mdb: MdbOrTransaction, id: string): Promise<string | null> {
  const [row] = await mdb
    .update(sessions)
    .set({ checkedAt: sql`now()` })
    .where(and(eq(sessions.id, id), sql`${sessions.checkedAt} < now() - make_interval(mins => ${checkMinutes})`))
    .returning({ refresh: sessions.refresh });
  return row?.refresh ?? null;
}

/** Keeps that the provider said that somebody still may, and by what it is asked the next time. */
export async function keepConfirmation(mdb: MdbOrTransaction, id: string, refresh: string): Promise<void> {
  await mdb.update(sessions).set({ confirmedAt: sql`now()`, refresh }).where(eq(sessions.id, id));
}

/** Has the provider asked again soon: it gave no answer. */
export async function retryCheck(mdb: MdbOrTransaction, id: string): Promise<void> {
  const soon = sql`now() - make_interval(secs => ${checkMinutes * 60 - retrySeconds})`;
  await mdb.update(sessions).set({ checkedAt: soon }).where(eq(sessions.id, id));
}

/** Ends one, from the next request on. */
export async function endSession(mdb: Mdb, actor: Actor, id: string, why?: string): Promise<void> {
  await acting(mdb, actor, null, async (tx) => {
    const ended = await tx
      .update(sessions)
      .set({ endedAt: sql`now()` })
      .where(and(eq(sessions.id, id), isNull(sessions.endedAt)))
      .returning({ id: sessions.id });
    if (ended.length > 0)
      await record(tx, { actor, action: 'session.end', detail: { session: id, ...(why && { why }) } });
  });
}
