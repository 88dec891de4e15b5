/** Tokens as an administrator makes them. */
import type { Grant, Role } from '../../domain/grants.ts';
import { isRefused } from '../../domain/refused.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { createToken } from '../../mdb/people/tokens.ts';

export const everywhere = (role: Role): Grant[] => [{ role, pools: null, teams: null }];
export const inPool = (role: Role, ...pools: string[]): Grant[] => [{ role, pools, teams: null }];

/** A token for an hour, of a person of its name. */
export async function makeToken(mdb: Mdb, name: string, grants: readonly Grant[]): Promise<string> {
  const expiresAt = new Date(Date.now() + 3_600_000);
  const made = await createToken(mdb, { class: 'user', name: 'test' }, everywhere('admin'), {
    ...{ name, grants, expiresAt, reason: null, person: name },
  });
  if (isRefused(made)) throw new Error(made.message);
  return made.token;
}
