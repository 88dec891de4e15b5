import type { TokenCreated } from '../../contract/accounts.ts';
import { Trouble } from '../../host/trouble.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { createToken } from '../../mdb/people/tokens.ts';
import { grantOf, type NewToken } from '../token.ts';

/** Makes a token in the MDB itself: whoever has its URL needs nobody's leave, and before the first token nobody has one. */
export async function createFirst(url: string, maker: string, name: string, options: NewToken): Promise<TokenCreated> {
  const { mdb, close } = connectMdb({ url, name: 'farrier mdb token', connections: 1 });
  const everything = [{ role: 'admin', pools: null, teams: null } as const];
  const { expires, reason = null, person = name } = options;
  const spec = { name, grants: [grantOf(options)], expiresAt: new Date(expires), person, reason };
  try {
    const made = await createToken(mdb, { class: 'user', name: maker }, everything, spec);
    if ('code' in made) throw new Trouble(made.message);
    const { createdAt, expiresAt, maker: _, ...row } = made.row;
    const grants = row.grants.map(({ role, pools, teams }) => ({
      role,
      pools: pools && [...pools],
      teams: teams && [...teams],
    }));
    const times = { createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
    return { view: { ...row, ...times, grants, lastUsedAt: null, revokedAt: null }, token: made.token };
  } finally {
    await close();
  }
}
