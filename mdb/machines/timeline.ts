/** One machine's past: how it moved, what happened, how its burn-ins went. */
import { sql } from 'drizzle-orm';
import { macsOf } from '../boot/witness.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { iso, listed, type Row, rowsOf } from '../rows.ts';

export interface LastMove {
  readonly at: string;
  readonly guarded: string;
  readonly to: string;
  readonly actor: string;
}

/** The last change of the machine's place or service state: since when it is as it is, and by whom. */
export async function readLastMove(mdb: MdbOrTransaction, machineId: string): Promise<LastMove | null> {
  const [row] = await rowsOf<LastMove & Row>(
    mdb,
    sql`select at, guarded, "to", actor from state_history
      where machine_id = ${machineId} and guarded in ('stage', 'op_state', 'repair_state') order by id desc limit 1`,
  );
  return row ? { ...row, at: iso(row.at) } : null;
}

export interface TimelineRow {
  /** Its place in the timeline, for the page behind it. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly kind: string;
  /** One line. */
  readonly text: string;
  readonly by: string;
  readonly orderId: string | null;
}

/** Everything that happened to a machine, newest first: one line an event. */
export async function readTimeline(
  mdb: MdbOrTransaction,
  machineId: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<TimelineRow[]> {
  const [at, id, kind, text] = after === undefined ? [] : (JSON.parse(after) as string[]);
  const behind = at === undefined ? sql`true` : sql`${place} < (${at}::timestamptz, ${id}::bigint, ${kind}, ${text})`;
  const rows = await rowsOf<TimelineRow & Row>(
    mdb,
    sql`select at, kind, text, by, "orderId", jsonb_build_array(at, id::text, kind, md5(text))::text as id
      from (${eventsOf(machineId)}) e where ${behind} order by ${place} desc limit ${limit}`,
  );
  return rows.map((row) => ({ ...row, at: iso(row.at) }));
}

export async function countTimeline(mdb: MdbOrTransaction, machineId: string): Promise<number> {
  const [row] = await mdb.execute<{ total: number }>(
    sql`select count(*)::int as total from (${eventsOf(machineId)}) e`,
  );
  return row?.total ?? 0;
}

/** By which events stand one behind the other: of a moment there may be several. */
const place = sql`(at, id::bigint, kind, md5(text))`;

const eventsOf = (machineId: string) => sql`
    select at, 'state' as kind, concat(guarded, ' ', coalesce("from" || ' → ', ''), "to") as text, actor as by,
      order_id as "orderId", id from state_history where machine_id = ${machineId}
    union all
    select s.started_at, 'step', concat(s.name, ' begins', case when s.attempt > 1 then ', attempt ' || s.attempt end),
      s.owner, s.order_id, s.ordinal from steps s join orders o on o.id = s.order_id where o.machine_id = ${machineId}
    union all
    select s.ended_at, 'step', concat_ws(': ', s.name || ' ' || s.state, s.detail ->> 'device', s.detail ->> 'message'),
      s.owner, s.order_id, s.ordinal from steps s join orders o on o.id = s.order_id
      where o.machine_id = ${machineId} and s.ended_at is not null
    union all
    select at, 'audit', concat_ws(': ', action, detail ->> 'reason'), actor, order_id, id from audit where machine_id = ${machineId}
    union all
    select written_at, 'intent', concat(kind, ' ', state), 'farrier', order_id, 0 from intents where machine_id = ${machineId}
    union all
    select coalesce(ended_at, started_at), 'burnin', concat_ws(': ', 'burn-in ' || coalesce(verdict, 'at ' || round(progress) || ' %'), finding),
      'agent', order_id, 0 from burnins where machine_id = ${machineId}
    union all
    select opened_at, 'question', question, owner, order_id, 0 from human_steps where machine_id = ${machineId}
    union all
    select answered_at, 'question', concat('answered: ', answer), answered_by, order_id, 0 from human_steps
      where machine_id = ${machineId} and answered_at is not null
    union all
    select seen_at, 'hardware', concat_ws(' ', kind, place, change,
        coalesce("before" ->> 'serial', "before" ->> 'version', "before" ->> 'model') || ' →',
        coalesce("after" ->> 'serial', "after" ->> 'version', "after" ->> 'model')),
      'controller', null, id from hardware_changes where machine_id = ${machineId}
    union all
    select last_at, 'boot', concat(requests, ' boot request', case when requests > 1 then 's' end, ' in state ', state, ', answered ', answer),
      'birther', null, 0 from boot_counts
      where mac in ${macsOf(machineId)}`;

export interface ListedBurnin {
  readonly id: string;
  readonly orderId: string;
  readonly profile: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly progress: number;
  readonly cut: boolean;
  readonly verdict: string | null;
  readonly finding: string | null;
  readonly parts: {
    readonly kind: string;
    readonly subject: string;
    readonly device: string;
    readonly ok: boolean;
    readonly value: number | null;
    readonly unit: string | null;
    readonly seconds: number;
    readonly message: string | null;
    readonly peers: { readonly count: number; readonly median: number | null } | null;
  }[];
}

/** Of the part `p` of the burn-in `b`; as many as a burn-in is judged by. */
const peers = sql`case when p.kind = 'benchmark' and p.value is not null then (
  select jsonb_build_object('count', count(value), 'median', percentile_cont(0.5) within group (order by value)) from (
    select q.value from burnin_parts q join burnins o on o.id = q.burnin_id
    where q.product = p.product and q.subject = p.subject and q.unit is not distinct from p.unit
      and q.kind = 'benchmark' and q.value is not null and o.verdict = 'pass' and o.id <> b.id
    order by o.ended_at desc limit 1000) figures) end`;

/** A machine's burn-ins with all their parts, newest first. */
export async function listBurnins(mdb: MdbOrTransaction, machineId: string): Promise<ListedBurnin[]> {
  const rows = await rowsOf<ListedBurnin & Row>(
    mdb,
    sql`select id, order_id as "orderId", profile_id as profile, started_at as "startedAt", ended_at as "endedAt",
        progress, cut, verdict, finding,
        ${listed(sql`select kind, subject, device, ok, value, unit, seconds, message, ${peers} as peers from burnin_parts p
          where burnin_id = b.id order by subject, kind desc, device`)} as parts
      from burnins b where machine_id = ${machineId} order by b.started_at desc`,
  );
  return rows.map((row) => ({ ...row, startedAt: iso(row.startedAt), endedAt: iso(row.endedAt) }));
}
