/** The rows of the audit as they are verified, exported and sent elsewhere: one JSON object a line, oldest first. */
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { MdbOrTransaction } from '../connect.ts';

export interface ChainLine {
  readonly id: number;
  readonly hash: string;
  /** `domain/audit/chain.ts` reads it. */
  readonly line: string;
}

/** The next rows after one, at most so many, and no more of them than some megabytes. */
export async function readChain(mdb: MdbOrTransaction, after: number, limit: number): Promise<ChainLine[]> {
  const rows = await mdb.execute<{ id: string; hash: string; line: string }>(sql`
    select id, hash, line from (
      select id, hash, line, sum(length(line)) over (order by id) - length(line) as before from (
        select q.id, q.hash, row_to_json(q)::text as line from (
          select id, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, actor_class as "actorClass",
            actor, action, machine_id as "machineId", order_id as "orderId", previous, hash, detail
          from audit where id > ${after} order by id limit ${limit}) q) l) b
    where before < ${maxCharacters} order by id`);
  return rows.map(({ id, hash, line }) => ({ id: Number(id), hash, line }));
}

const maxCharacters = 4 * 1024 * 1024;

export const digest = (text: string) => createHash('sha256').update(text).digest('hex');
