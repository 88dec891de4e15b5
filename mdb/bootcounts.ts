import type pg from 'pg';

/** Requests and answers of one machine in one minute that met one state and got one answer. */
export interface BootCount {
  /** Normalised, or `invalid` or `stranger` for what has no row of its own. */
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
export async function addBootCounts(pool: pg.Pool, counts: readonly BootCount[]): Promise<void> {
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

// `wait` is a machine that asks again because it was told to: it says nothing about the machine's health.
const statsQuery = (counted: string) => `
  select c.mac, m.id as "machineId", sum(c.requests)::int as requests, sum(c.answers)::int as answers,
    jsonb_object_agg(c.answer, c.requests) as "byAnswer", max(c.last_at) as "lastAt"
  from (
    select mac, answer, sum(requests)::int as requests, sum(answers)::int as answers, max(last_at) as last_at
    from boot_counts where minute > now() - make_interval(secs => $1) and ${counted} group by mac, answer
  ) c left join machines m on m.id = 'm-' || replace(c.mac, ':', '')
  group by c.mac, m.id having sum(c.requests) >= $2
  order by requests desc, c.mac limit $3`;

/** Boot requests and answers by MAC over the last `seconds`, the busiest first. */
export async function bootStats(pool: pg.Pool, seconds: number, limit = 1000): Promise<BootStat[]> {
  return (await pool.query<BootStat>(statsQuery('true'), [seconds, 0, limit])).rows;
}

/** MACs with at least `count` boots within `seconds`, *wait* answers not counted: machines that cannot stay up. */
export async function persistentFailers(pool: pg.Pool, seconds: number, count: number): Promise<BootStat[]> {
  return (await pool.query<BootStat>(statsQuery("answer <> 'wait'"), [seconds, count, 1000])).rows;
}
