/** The log of what changed, for those who follow it. */
import { sql } from 'drizzle-orm';
import type { ChangeKind } from '../../domain/changes.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { type Row, rowsOf } from '../rows.ts';

/** A place in the log: behind this row of this transaction. */
export interface ChangePosition {
  readonly transaction: number;
  readonly id: number;
}

export interface Change {
  readonly kind: ChangeKind;
  readonly subject: string;
  readonly machineId: string | null;
}

export interface ChangesRead {
  readonly changes: readonly Change[];
  /** Where the next reading begins. */
  readonly position: ChangePosition;
  /** There is more, now or once transactions that are open have ended. */
  readonly more: boolean;
  /** What came after the given place may have been forgotten since, or the place is of another history of this MDB. */
  readonly lost: boolean;
}

/**
 * What changed after a place, in the order of its transactions. Of transactions that one still open is older than
 * nothing is read yet: their rows could come to lie before what was read.
 */
export async function readChanges(mdb: MdbOrTransaction, after: ChangePosition, limit: number): Promise<ChangesRead> {
  const [read] = await rowsOf<Bounds & { readonly changes: readonly (Change & ChangePosition)[] } & Row>(
    mdb,
    sql`with bounds as (${bounds}),
      page as (select c.transaction, c.id, c.kind, c.subject, c.machine_id as "machineId" from changes c, bounds
        where c.transaction < bounds.low and (c.transaction, c.id) > (${after.transaction}::bigint, ${after.id}::bigint)
        order by c.transaction, c.id limit ${limit})
      select bounds.*, (select coalesce(jsonb_agg(to_jsonb(page) order by transaction, id), '[]') from page) as changes,
        exists (select 1 from changes where transaction >= bounds.low) as open from bounds`,
  );
  if (!read) throw new Error('the MDB told no bounds of its transactions');
  const last = read.changes.length === limit ? read.changes.at(-1) : undefined;
  return {
    changes: read.changes,
    position: last ? { transaction: last.transaction, id: last.id } : { transaction: read.low, id: 0 },
    more: last !== undefined || read.open,
    lost: after.transaction > read.high || isBefore(after, read.oldest),
  };
}

/** Where the log ends now, for who begins to follow it. */
export async function readEnd(mdb: MdbOrTransaction): Promise<ChangePosition> {
  const [read] = await rowsOf<Bounds & Row>(mdb, bounds);
  return { transaction: read?.low ?? 0, id: 0 };
}

/** To which pools things belong that are of no machine alone, by kind and subject; of the whole fleet there is nothing. */
export async function poolsOfChanges(
  mdb: MdbOrTransaction,
  changes: readonly Pick<Change, 'kind' | 'subject'>[],
): Promise<Map<string, readonly string[]>> {
  const of = (wanted: ChangeKind) =>
    sql.param(changes.filter(({ kind }) => kind === wanted).map(({ subject }) => subject));
  const rows = await rowsOf<{ readonly kind: ChangeKind; readonly id: string; readonly pools: string[] } & Row>(
    mdb,
    sql`select 'campaign' as kind, c.campaign_id as id, array_agg(distinct m.pool) as pools
        from campaign_machines c join machines m on m.id = c.machine_id
        where c.campaign_id = any(${of('campaign')}::text[]) group by 2
      union all
      select 'approval', id, pools from approvals where id = any(${of('approval')}::text[]) and pools is not null`,
  );
  return new Map(rows.map(({ kind, id, pools }) => [`${kind} ${id}`, pools]));
}

interface Bounds {
  /** The oldest transaction that is open, and one that has not begun. */
  readonly low: number;
  readonly high: number;
  /** The oldest row that is kept. */
  readonly oldest: ChangePosition | null;
  readonly open: boolean;
}

const bounds = sql`select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as low,
  pg_snapshot_xmax(pg_current_snapshot())::text::bigint as high,
  (select jsonb_build_object('transaction', transaction, 'id', id) from changes order by transaction, id limit 1) as oldest`;

const isBefore = (one: ChangePosition, other: ChangePosition | null) =>
  other !== null &&
  (one.transaction < other.transaction || (one.transaction === other.transaction && one.id < other.id));

const keptMinutes = 30;
const batch = 10_000;

/** Forgets what is older than half an hour, but for the newest of it, which marks how far that went. */
export async function forgetChanges(mdb: MdbOrTransaction): Promise<void> {
  for (let gone = batch; gone >= batch; ) {
    const rows = await mdb.execute(sql`
      with oldest as (select transaction, id, at from changes order by transaction, id limit ${batch + 1}),
        over as (select id, row_number() over (order by transaction desc, id desc) as place from oldest
          where at < now() - make_interval(mins => ${keptMinutes}))
      delete from changes c using over where c.id = over.id and over.place > 1 returning c.id`);
    gone = rows.length;
  }
}
