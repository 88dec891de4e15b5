import { sql } from 'drizzle-orm';
import type { MdbOrTransaction } from '../connect.ts';
import { people, tokens } from '../schema.ts';

/** Whether anybody could sign in as admin of the whole fleet: without one, nobody could ever be given an account. */
export async function hasAdmin(mdb: MdbOrTransaction): Promise<boolean> {
  const whole = sql`${JSON.stringify([{ role: 'admin', pools: null, teams: null }])}::jsonb`;
  const [row] = await mdb.execute<{ known: boolean }>(sql`
    select exists (select from ${tokens}
        where ${tokens.revokedAt} is null and ${tokens.expiresAt} > now() and ${tokens.grants} @> ${whole})
      or exists (select from ${people}
        where ${people.disabledAt} is null and ${people.passwordHash} is not null and ${people.grants} @> ${whole}) as known`);
  return row?.known === true;
}
