/** What is to come: when windows are open, and which orders wait for a time. */
import { sql } from 'drizzle-orm';
import { ofPools } from '../campaigns/listing.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { inPools } from '../machines/listing.ts';
import { type ListedOrder, listOrders } from '../orders/listing.ts';
import { iso, type Row, rowsOf } from '../rows.ts';

interface Spell {
  readonly from: Date;
  readonly until: Date;
  /** Campaigns and orders of machines of these; null: of all. */
  readonly pools: readonly string[] | null;
  readonly limit: number;
}

export interface OpenSpell {
  readonly of: 'semaphore' | 'campaign';
  readonly name: string;
  /** ISO 8601, as all times here. */
  readonly opens: string;
  readonly closes: string;
}

/** PostgreSQL knows the time zones: a window keeps to the wall clock through changes of summer time. */
export async function listWindows(mdb: MdbOrTransaction, { from, until, pools, limit }: Spell): Promise<OpenSpell[]> {
  const [begin, end] = [sql`${from.toISOString()}::timestamptz`, sql`${until.toISOString()}::timestamptz`];
  const rows = await rowsOf<OpenSpell & Row>(
    mdb,
    sql`
    with owners as (
      select 'semaphore' as of, operation || '/' || tag || '=' || value as name, windows from semaphores
      union all
      select 'campaign', id, pace -> 'windows' from campaigns
      where state in ('planned', 'running', 'paused') and ${ofPools(pools) ?? sql`true`}),
    spells as (
      select o.of, o.name, (day + w."from"::time) at time zone w.zone as opens,
        (day + w."to"::time + case when w."to"::time <= w."from"::time then interval '1 day' else interval '0' end)
          at time zone w.zone as closes
      from owners o, jsonb_to_recordset(o.windows) as w(days int[], "from" text, "to" text, zone text),
        lateral (select (${begin} at time zone w.zone)::date as "first", (${end} at time zone w.zone)::date as "last") as l,
        generate_series(-1, "last" - "first") as shift, lateral (select "first" + shift as day) as d
      where extract(isodow from day)::int = any(w.days))
    select * from spells where opens < ${end} and closes > ${begin} order by opens, of, name, closes limit ${limit}`,
  );
  return rows.map((row) => ({ ...row, opens: iso(row.opens), closes: iso(row.closes) }));
}

export interface ScheduledOrder {
  readonly order: ListedOrder;
  readonly opens: string;
  readonly closes: string | null;
}

/** Orders that wait for a time, and those whose window of work is not over; in the order of their times. */
export async function listScheduled(
  mdb: MdbOrTransaction,
  { from, until, pools, limit }: Spell,
): Promise<ScheduledOrder[]> {
  const times = await rowsOf<{ id: string; opens: string; closes: string | null } & Row>(
    mdb,
    sql`
    select id, opens, closes from (
      select o.id, o.state, greatest(o.not_before, (o.request #>> '{window,opens}')::timestamptz) as opens,
        (o.request #>> '{window,closes}')::timestamptz as closes
      from orders o join machines m on m.id = o.machine_id
      where o.state in ('waiting', 'running') and not o.dry_run and ${inPools(pools)}) o
    where opens < ${until.toISOString()}::timestamptz and coalesce(closes, opens) > ${from.toISOString()}::timestamptz
      and (state = 'waiting' or closes > now())
    order by opens, id limit ${limit}`,
  );
  const orders = await listOrders(mdb, { ids: times.map(({ id }) => id), limit });
  const byId = new Map(orders.map((order) => [order.id, order]));
  return times.flatMap(({ id, opens, closes }) => {
    const order = byId.get(id);
    return order ? [{ order, opens: iso(opens), closes: iso(closes) }] : [];
  });
}
