/** What the birther's counts tell of a machine's starts, for acts whose effect the controller does not show. */
import { sql } from 'drizzle-orm';
import type { Mdb } from '../connect.ts';

/** All MACs that the machine is known by, as text: a subquery. */
export const macsOf = (machineId: string) => sql`(select mac::text from nics where machine_id = ${machineId}
  union select mac::text from machines where id = ${machineId})`;

/** Requests that began a start: one that was told to wait asks again by itself, without starting anew. */
const booted = (machineId: string) => sql`
  from boot_counts where answer in ('bootstrap', 'fast', 'local')
    and mac in ${macsOf(machineId)}`;

/** Acts that start a machine: the request for a boot comes minutes behind them. */
const starting = ['power-on', 'power-cycle', 'restart', 'boot-network', 'ac-cycle'];

/**
 * Now, as text by the MDB's clock: a request for a boot after it tells of a start that is yet to be asked for. Null
 * where one that was asked for in the last half hour, by another act, has not come to its request yet.
 */
export async function bootsToCome(mdb: Mdb, machineId: string, intentId: string): Promise<string | null> {
  const kinds = sql.join(
    starting.map((kind) => sql`${kind}`),
    sql`, `,
  );
  const rows = await mdb.execute<{ moment: string; pending: boolean }>(sql`
    select now()::text as moment, exists (
      select from intents where machine_id = ${machineId} and id <> ${intentId} and kind in (${kinds})
        and state in ('sent', 'done', 'unknown') and sent_at > now() - interval '30 minutes'
        and sent_at > coalesce((select max(last_at) ${booted(machineId)}), '-infinity')
    ) as pending`);
  const [row] = rows;
  return row === undefined || row.pending ? null : row.moment;
}

/** Whether the machine asked for a boot after that moment, and was given one. */
export async function bootedSince(mdb: Mdb, machineId: string, moment: string): Promise<boolean> {
  const rows = await mdb.execute<{ seen: boolean }>(
    sql`select exists (select ${booted(machineId)} and last_at > ${moment}::timestamptz) as seen`,
  );
  return rows[0]?.seen === true;
}
