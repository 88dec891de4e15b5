import { bootLoop } from '../../domain/bootloop.ts';
import type { Pool } from '../connect.ts';

/** Requests and answers of one machine in one minute that met one state and got one answer. */
export interface BootCount {
  /** Normalised, or `invalid` or `unknown-machine` for what has no row of its own. */
  readonly mac: string;
  readonly minute: Date;
  readonly state: string;
  readonly answer: string;
  readonly requests: number;
  readonly answers: number;
  readonly lastAt: Date;
}

const upsert = `
  insert into boot_counts (mac, minute, state, answer, requests, answers, last_at)
  select * from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::int[], $6::int[], $7::timestamptz[])
  on conflict (mac, minute, state, answer) do update set
    requests = boot_counts.requests + excluded.requests,
    answers = boot_counts.answers + excluded.answers,
    last_at = greatest(boot_counts.last_at, excluded.last_at)`;

const keyOf = (count: BootCount) => `${count.mac}|${count.minute.getTime()}|${count.state}|${count.answer}`;

/** Adds counts in one statement. Sorted, so that two birthers which count the same rows cannot deadlock. */
export async function addBootCounts(pool: Pool, counts: readonly BootCount[]): Promise<void> {
  const sorted = counts.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const column = <K extends keyof BootCount>(key: K) => sorted.map((count) => count[key]);
  const values = [column('mac'), column('minute'), column('state'), column('answer')];
  await pool.query(upsert, [...values, column('requests'), column('answers'), column('lastAt')]);
}

export interface BootStat {
  readonly mac: string;
  readonly machineId: string | null;
  readonly requests: number;
  readonly answers: number;
  /** Requests by answer, e.g. `{ bootstrap: 1, local: 3 }`. */
  readonly byAnswer: Readonly<Record<string, number>>;
  readonly lastAt: Date;
}

const statsQuery = `
  select c.mac, m.id as "machineId", sum(c.requests)::int as requests, sum(c.answers)::int as answers,
    jsonb_object_agg(c.answer, c.requests) as "byAnswer", max(c.last_at) as "lastAt"
  from (
    select mac, answer, sum(requests)::int as requests, sum(answers)::int as answers, max(last_at) as last_at
    from boot_counts where minute > now() - make_interval(secs => $1) group by mac, answer
  ) c left join machines m on m.id = 'm-' || replace(c.mac, ':', '')
  group by c.mac, m.id order by requests desc, c.mac limit $2`;

/** Boot requests and answers by MAC over the last `seconds`, the busiest first. */
export async function bootStats(pool: Pool, seconds: number, limit = 1000): Promise<BootStat[]> {
  return readStats(pool, statsQuery, [seconds, limit]);
}

// A machine is one, whichever of its NICs it boots from. `wait` is one that asks again because it was told to: it says
// nothing about its health.
const failersQuery = `
  select min(mac) as mac, machine as "machineId", sum(requests)::int as requests, sum(answers)::int as answers,
    jsonb_object_agg(answer, requests) as "byAnswer", max(last_at) as "lastAt"
  from (
    select coalesce(n.machine_id, m.id) as machine, coalesce(n.machine_id, m.id, c.mac) as who, c.answer, min(c.mac) as mac,
      sum(c.requests)::int as requests, sum(c.answers)::int as answers, max(c.last_at) as last_at
    from boot_counts c left join nics n on n.mac::text = c.mac left join machines m
      on m.mac::text = c.mac and m.mac_moved_to is null
    where c.minute > now() - make_interval(secs => $1 + 60) and c.last_at > now() - make_interval(secs => $1)
      and c.answer <> 'wait'
      and ($4::text is null or coalesce(n.machine_id, m.id) = $4)
    group by 1, 2, 3
  ) b group by who, machine having sum(requests) >= $2 order by requests desc, mac limit $3`;

/** Machines, and MACs of none, with at least `count` boots within `seconds`: they cannot stay up. */
export async function persistentFailers(pool: Pool, seconds: number, count: number): Promise<BootStat[]> {
  return readStats(pool, failersQuery, [seconds, count, 1000, null]);
}

/** Boots of one machine within the time of a boot loop. */
export async function countBoots(pool: Pool, machineId: string): Promise<number> {
  const [stat] = await readStats(pool, failersQuery, [bootLoop.minutes * 60, 0, 1, machineId]);
  return stat?.requests ?? 0;
}

async function readStats(pool: Pool, query: string, values: readonly unknown[]): Promise<BootStat[]> {
  const rows = await pool.query<Omit<BootStat, 'lastAt'> & { readonly lastAt: string }>(query, values);
  return rows.map((row) => ({ ...row, lastAt: new Date(row.lastAt) }));
}
