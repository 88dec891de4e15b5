import { type SQL, sql } from 'drizzle-orm';
import type { MdbOrTransaction } from './connect.ts';

export type Row = Record<string, unknown>;

/** Rows as PostgreSQL's own JSON: one form for times, arrays and nulls, whatever the driver's parsers are. */
export async function rowsOf<T extends Row>(mdb: MdbOrTransaction, query: SQL): Promise<T[]> {
  const rows = await mdb.execute<{ row: T }>(sql`select to_jsonb(q) as row from (${query}) q`);
  return rows.map(({ row }) => row);
}

export function iso(time: string): string;
export function iso(time: string | null): string | null;
export function iso(time: string | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** Rows of a query as one JSON list, inside another query. */
export function listed(query: SQL): SQL {
  return sql`(select coalesce(jsonb_agg(to_jsonb(l)), '[]') from (${query}) l)`;
}
