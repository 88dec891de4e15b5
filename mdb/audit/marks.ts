/** How far the audit was verified and sent. */
import { sql } from 'drizzle-orm';
import type { ChainHead } from '../../domain/audit/walk.ts';
import type { Seconds } from '../../domain/duration.ts';
import type { MdbOrTransaction } from '../connect.ts';

/** The mark of what was verified. */
export const verifiedMark = 'verified';
/** Of the marks of places that the audit is sent to: the place follows. */
export const streamPrefix = 'stream ';

export interface AuditMark extends ChainHead {
  /** Rows up to there. */
  readonly rows: number;
  /** Seconds since the chain was last walked whole; null where it never was. */
  readonly wholeAge: Seconds | null;
  readonly trouble: string | null;
}

export async function readMark(mdb: MdbOrTransaction, id: string): Promise<AuditMark> {
  const [found] = await mdb.execute<{ [Key in keyof AuditMark]: AuditMark[Key] }>(sql`
    select "row"::float8 as "row", hash, "rows"::float8 as "rows", trouble,
      extract(epoch from now() - whole_at)::float8 as "wholeAge" from audit_marks where id = ${id}`);
  return found ?? { row: 0, hash: '', rows: 0, wholeAge: null, trouble: null };
}

export interface MarkChange extends ChainHead {
  readonly rows: number;
  /** True where all of the chain up to there was walked. */
  readonly whole?: boolean;
  readonly trouble: string | null;
}

export async function setMark(mdb: MdbOrTransaction, id: string, change: MarkChange): Promise<void> {
  const { row, hash, rows, whole = false, trouble } = change;
  const rowAt = sql`(select at from audit where id = ${row})`;
  const wholeAt = whole ? sql`now()` : sql`null::timestamptz`;
  await mdb.execute(sql`
    insert into audit_marks as m (id, "row", hash, "rows", row_at, whole_at, trouble)
    values (${id}, ${row}, ${hash}, ${rows}, ${rowAt}, ${wholeAt}, ${trouble})
    on conflict (id) do update set "row" = excluded."row", hash = excluded.hash, "rows" = excluded."rows",
      row_at = excluded.row_at, whole_at = coalesce(excluded.whole_at, m.whole_at), trouble = excluded.trouble,
      updated_at = now()`);
}

export interface AuditFigures {
  readonly rows: number;
  readonly lastRow: number;
  readonly marks: readonly MarkFigures[];
}

export interface MarkFigures {
  readonly id: string;
  readonly row: number;
  /** Rows that came after it, and the age of the oldest of them. */
  readonly lagRows: number;
  readonly lagSeconds: Seconds;
  readonly wholeAge: Seconds | null;
  readonly trouble: string | null;
}

/** Counts from the mark that is furthest on, so that the audit may be long. */
export async function readAuditFigures(mdb: MdbOrTransaction): Promise<AuditFigures> {
  const [counted] = await mdb.execute<{ rows: number; lastRow: number }>(sql`
    select (coalesce(v."rows", 0) + (select count(*) from audit where id > coalesce(v."row", 0)))::float8 as "rows",
      coalesce((select max(id) from audit), 0)::float8 as "lastRow"
    from (select 1) one left join audit_marks v on v.id = ${verifiedMark}`);
  const marks = await mdb.execute<{ [Key in keyof MarkFigures]: MarkFigures[Key] }>(sql`
    select m.id, m."row"::float8 as "row", later."rows"::float8 as "lagRows", m.trouble,
      coalesce(extract(epoch from now() - later.first), 0)::float8 as "lagSeconds",
      extract(epoch from now() - m.whole_at)::float8 as "wholeAge"
    from audit_marks m, lateral (select count(*) as "rows", min(a.at) as first from audit a where a.id > m."row") later
    order by m.id`);
  return { rows: counted?.rows ?? 0, lastRow: counted?.lastRow ?? 0, marks };
}
