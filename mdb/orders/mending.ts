/** How well the fleet is, and how long it took to find out what was wrong and to mend it. */
import { sql } from 'drizzle-orm';
import type { Seconds } from '../../domain/duration.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { inPools } from '../machines/listing.ts';
import { listed, type Row, rowsOf } from '../rows.ts';

interface Spell {
  readonly count: number;
  readonly meanSeconds: Seconds | null;
  readonly medianSeconds: Seconds | null;
}

export interface Mending {
  readonly states: {
    readonly stage: string;
    readonly opState: string;
    readonly repairState: string;
    readonly machines: number;
    readonly held: number;
  }[];
  readonly ordered: number;
  readonly open: number;
  readonly falsePositive: number;
  readonly toDetect: Spell;
  readonly toRepair: Spell;
  readonly toAnswer: Spell;
  readonly faults: { readonly fault: string; readonly repairs: number; readonly medianSeconds: Seconds | null }[];
}

const spellOf = (column: string, table: string) => sql`(select jsonb_build_object('count', count(s),
  'meanSeconds', avg(s), 'medianSeconds', percentile_cont(0.5) within group (order by s))
  from (select ${sql.identifier(column)} as s from ${sql.identifier(table)}) x)`;

/** Of repairs that were ordered, and questions that were answered, within so many days; of these pools, null: of all. */
export async function readMending(
  mdb: MdbOrTransaction,
  pools: readonly string[] | null,
  days: number,
): Promise<Mending> {
  const since = sql`now() - ${days} * interval '1 day'`;
  const [row] = await rowsOf<Mending & Row>(
    mdb,
    sql`
    with repairs as (
      select o.id, o.state, split_part(o.request ->> 'fault', '/', 1) as fault,
        exists (select from repair_attempts a where a.order_id = o.id and a.outcome = 'false_positive') as cleared,
        extract(epoch from o.created_at - least(
          (select min(e.received_at) from controller_events e where e.machine_id = o.machine_id
            and lower(e.severity) in ('warning', 'critical')
            and e.received_at between o.created_at - interval '1 day' and o.created_at),
          (select min(l.seen_at) from controller_log_entries l where l.machine_id = o.machine_id
            and lower(l.severity) in ('warning', 'critical')
            and l.seen_at between o.created_at - interval '1 day' and o.created_at)))::real as detected,
        extract(epoch from case
          when o.state <> 'done' then null
          when exists (select from state_history h where h.machine_id = o.machine_id and h.guarded = 'op_state'
            and h."from" = 'production' and h.at between o.created_at and o.ended_at)
          then (select min(h.at) from state_history h where h.machine_id = o.machine_id and h.guarded = 'op_state'
            and h."to" = 'production' and h.at > o.created_at)
          else o.ended_at end - o.created_at)::real as mended
      from orders o join machines m on m.id = o.machine_id
      where o.passage = 'repair' and not o.dry_run and o.created_at > ${since} and ${inPools(pools)}),
    answers as (
      select extract(epoch from s.answered_at - s.opened_at)::real as answered
      from human_steps s join machines m on m.id = s.machine_id where s.answered_at > ${since} and ${inPools(pools)})
    select
      ${listed(sql`select stage, op_state as "opState", repair_state as "repairState", count(*)::int as machines,
        count(held)::int as held from machines m where ${inPools(pools)} group by 1, 2, 3 order by count(*) desc, 1, 2, 3`)} as states,
      (select count(*)::int from repairs) as ordered,
      (select count(*)::int from repairs where state in ('waiting', 'running')) as open,
      (select count(*)::int from repairs where cleared) as "falsePositive",
      ${spellOf('detected', 'repairs')} as "toDetect", ${spellOf('mended', 'repairs')} as "toRepair",
      ${spellOf('answered', 'answers')} as "toAnswer",
      ${listed(sql`select fault, count(*)::int as repairs,
        percentile_cont(0.5) within group (order by mended) as "medianSeconds"
        from repairs group by fault order by count(*) desc, fault limit 20`)} as faults`,
  );
  if (!row) throw new Error('the MDB answered nothing to a count');
  return row;
}
