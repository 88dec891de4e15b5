/** Tokens by which programs, and people at the CLI, say who they are. */
import { createHash, randomBytes } from 'node:crypto';
import { and, asc, desc, eq, isNull, sql } from 'drizzle-orm';
import { type Grant, mayGrant } from '../../domain/grants.ts';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { tokens } from '../schema.ts';

/** By which people, and programs that look for secrets in the wrong place, know it. */
const mark = 'farrier_';

const digest = (token: string) => createHash('sha256').update(token).digest('hex');

export interface TokenSpec {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly expiresAt: Date;
  readonly reason: string | null;
  /** Whose account it is to be; its maker's own unless told. */
  readonly person?: string | undefined;
}

/** Who makes a token, and as whose account. */
type Maker = Actor & { readonly person?: string };

export type TokenRow = Omit<typeof tokens.$inferSelect, 'hash'>;

const shown = {
  id: tokens.id,
  name: tokens.name,
  grants: tokens.grants,
  createdBy: tokens.createdBy,
  person: tokens.person,
  maker: tokens.maker,
  createdAt: tokens.createdAt,
  expiresAt: tokens.expiresAt,
  lastUsedAt: tokens.lastUsedAt,
  revokedAt: tokens.revokedAt,
  revokedBy: tokens.revokedBy,
};

/** Makes a token. It is in the answer, and nowhere else ever again. `own`: what its maker may grant. */
export async function createToken(
  mdb: Mdb,
  maker: Maker,
  own: readonly Grant[],
  { reason, ...spec }: TokenSpec,
): Promise<{ readonly row: TokenRow; readonly token: string } | Refused> {
  if (!mayGrant(own, spec.grants))
    return { code: 'forbidden', message: `${maker.name} is not admin of all that this token would be good for` };
  const token = `${mark}${randomBytes(32).toString('base64url')}`;
  const id = `tok-${randomBytes(6).toString('hex')}`;
  const by = maker.person ?? maker.name;
  const values = { ...spec, person: spec.person ?? by, maker: by, id, hash: digest(token), createdBy: maker.name };
  return acting(mdb, maker, null, async (tx) => {
    // Who expired keeps its name until somebody wants it.
    await tx
      .update(tokens)
      .set({ revokedAt: sql`now()`, revokedBy: 'farrier' })
      .where(and(eq(tokens.name, spec.name), isNull(tokens.revokedAt), sql`${tokens.expiresAt} <= now()`));
    const [row] = await tx.insert(tokens).values(values).onConflictDoNothing().returning(shown);
    if (!row) return { code: 'conflict', message: `there is a token ${spec.name} already`, field: 'name' } as const;
    const { name, grants, expiresAt } = spec;
    const { person } = values;
    const detail = {
      ...{ token: id, name, person, grants, expiresAt: expiresAt.toISOString() },
      ...(reason !== null && { reason }),
    };
    await record(tx, { actor: maker, action: 'token.create', detail });
    return { row, token };
  });
}

/** Tokens by name, the latest first of those that had the same one. */
export async function listTokens(mdb: MdbOrTransaction): Promise<TokenRow[]> {
  return mdb.select(shown).from(tokens).orderBy(asc(tokens.name), desc(tokens.createdAt));
}

/** Ends a token, by its id or its name, from the next request on. `own`: what the revoker may grant. */
export async function revokeToken(
  mdb: Mdb,
  revoker: Actor,
  own: readonly Grant[],
  named: string,
  reason: string,
): Promise<true | Refused> {
  return acting(mdb, revoker, null, async (tx) => {
    const live = and(isNull(tokens.revokedAt), sql`${named} in (${tokens.id}, ${tokens.name})`);
    const [row] = await tx.select(shown).from(tokens).where(live).for('update');
    if (!row || !mayGrant(own, row.grants))
      return { code: 'not-found', message: `there is no token ${named} that could be revoked` } as const;
    await tx.update(tokens).set({ revokedAt: sql`now()`, revokedBy: revoker.name }).where(eq(tokens.id, row.id));
    await record(tx, { actor: revoker, action: 'token.revoke', detail: { token: row.id, name: row.name, reason } });
    return true;
  });
}

/** Whose token this is; null for one that is unknown, expired or revoked: for each of them the same is read. */
export async function findToken(mdb: MdbOrTransaction, token: string): Promise<TokenRow | null> {
  const [row] = await mdb
    .select({ ...shown, live: sql<boolean>`${tokens.revokedAt} is null and ${tokens.expiresAt} > now()` })
    .from(tokens)
    .where(eq(tokens.hash, digest(token)));
  if (!row?.live) return null;
  const { live: _, ...found } = row;
  return found;
}

/** Keeps that a token was used, once a minute at most. */
export async function noteTokenUse(mdb: MdbOrTransaction, id: string): Promise<void> {
  const old = sql`(${tokens.lastUsedAt} is null or ${tokens.lastUsedAt} < now() - interval '1 minute')`;
  await mdb
    .update(tokens)
    .set({ lastUsedAt: sql`now()` })
    .where(and(eq(tokens.id, id), old));
}
