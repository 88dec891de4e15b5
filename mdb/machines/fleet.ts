/** Figures of the whole fleet. */

import { sql } from 'drizzle-orm';
import type { Seconds } from '../../domain/duration.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { listed, type Row, rowsOf } from '../rows.ts';

export interface FleetCounts {
  readonly machines: readonly { readonly stage: string; readonly opState: string; readonly count: number }[];
  readonly held: number;
  /** Machines of whose last inventory something was left out, had moved, or is another's too. */
  readonly remarked: number;
  readonly outboxDue: number;
  /** Age of the oldest message that is not delivered, in seconds. */
  readonly outboxLag: Seconds;
  /** Age of the oldest that is due and that no dispatcher has tried, in seconds. */
  readonly outboxUntaken: Seconds;
  /** Machines out of production for which nothing is ordered and that nothing holds, and the first ten of them. */
  readonly asideCount: number;
  readonly aside: readonly string[];
  readonly openQuestions: number;
  readonly lateSteps: number;
  readonly liveOrders: number;
  /** Tickets that their mirrors do not show yet, because the system that holds those is in trouble. */
  readonly mirrorsBehind: number;
  /** Controllers whose parts or logs could not be read when it was last their turn. */
  readonly controllersUnread: number;
  /** What the machines drew at their latest readings, in watts. */
  readonly watts: number;
  readonly freeAddresses: readonly { readonly network: string; readonly kind: string; readonly free: number }[];
  readonly images: readonly string[];
}

const aside = sql`from machines m where m.held is null
  and ((m.stage = 'in_service' and m.op_state <> 'production') or m.stage in ('maintenance', 'repair'))
  and not exists (select from orders o where o.machine_id = m.id and o.state in ('waiting', 'running'))`;

/** Figures for monitoring and for `doctor`. */
export async function countFleet(mdb: MdbOrTransaction): Promise<FleetCounts> {
  const [row] = await rowsOf<FleetCounts & Row>(
    mdb,
    sql`select
      ${listed(sql`select stage, op_state as "opState", count(*)::int as count from machines group by 1, 2 order by 1, 2`)} as machines,
      (select count(held)::int from machines) as held,
      (select count(*)::int from machines where (remarks <> '{}' or unseen <> '{}') and stage <> 'retired') as remarked,
      (select count(*)::int from outbox where delivered_at is null) as "outboxDue",
      (select coalesce(extract(epoch from now() - min(created_at)), 0)::real from outbox where delivered_at is null) as "outboxLag",
      (select coalesce(extract(epoch from now() - min(created_at)), 0)::real from outbox
        where delivered_at is null and attempts = 0 and next_at <= now()) as "outboxUntaken",
      (select count(*)::int ${aside}) as "asideCount",
      (select coalesce(jsonb_agg(a.id order by a.id), '[]') from (select m.id ${aside} order by m.id limit 10) a) as aside,
      (select count(*)::int from human_steps where answered_at is null) as "openQuestions",
      (select count(*)::int from steps where state in ('running', 'held') and limit_at < now()) as "lateSteps",
      (select count(*)::int from orders where state in ('waiting', 'running')) as "liveOrders",
      (select count(*)::int from ticket_mirrors where error is not null and done_at is null) as "mirrorsBehind",
      (select count(*)::int from controller_records where inventory_error is not null or logs_error is not null) as "controllersUnread",
      (select coalesce(sum(latest.watts), 0)::real from controller_records r cross join lateral (
        select watts from sensor_readings s where s.machine_id = r.machine_id order by s.id desc limit 1) latest) as watts,
      ${listed(sql`select n.id as network, n.kind, count(a.address) filter (where a.machine_id is null)::int as free
        from networks n left join addresses a on a.network_id = n.id where n.kind = 'birth' or (n.kind = 'main' and n.assignment = 'pool')
        group by n.id, n.kind order by n.id`)} as "freeAddresses",
      (select coalesce(jsonb_agg(distinct kind), '[]') from images) as images`,
  );
  if (!row) throw new Error('the MDB answered nothing to a count');
  return row;
}
