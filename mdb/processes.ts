/** Farrier's own processes: each says that it works, and by that whoever asks sees which do not. */

import { hostname } from 'node:os';
import { sql } from 'drizzle-orm';
import type { Milliseconds, Seconds } from '../domain/duration.ts';
import type { FlowsDescription } from '../domain/steps.ts';
import type { Mdb, MdbOrTransaction } from './connect.ts';
import { sites } from './schema.ts';

/** What must run for machines to move, each at least once; `hardware` once a site. */
export const processNames = ['dispatch', 'lifecycle', 'hardware', 'birther', 'agents'] as const;
export type ProcessName = (typeof processNames)[number];

export interface ProcessSpec {
  readonly name: ProcessName;
  readonly siteId: string;
  /** The passages as it runs them. */
  readonly flows?: FlowsDescription;
}

/** Between two signs of life, in milliseconds. */
export const heartbeatMs = 15_000;

/** Seconds after which a process that says nothing is taken for dead: four of its signs of life. */
export const maxSilenceSeconds = 60;

/** Writes that this process works, and what its clock says. Rows of those that ended a day ago go. */
export async function keepAlive(mdb: Mdb, { name, siteId, flows }: ProcessSpec, clock = new Date()): Promise<void> {
  const instance = `${hostname()}/${process.pid}`;
  const ahead = sql`extract(epoch from ${clock.toISOString()}::timestamptz - clock_timestamp())::numeric * 1000`;
  await mdb.execute(sql`
    insert into processes (name, site_id, instance, seen_at, clock_ahead, flows)
    values (${name}, ${siteId}, ${instance}, now(), greatest(-2000000000, least(2000000000, ${ahead}))::int,
      ${flows === undefined ? null : JSON.stringify(flows)}::jsonb)
    on conflict (name, site_id, instance) do update set seen_at = now(), clock_ahead = excluded.clock_ahead,
      -- What is large and the same is not written again.
      flows = case when processes.flows is distinct from excluded.flows then excluded.flows else processes.flows end`);
  await mdb.execute(sql`delete from processes where seen_at < now() - interval '1 day'`);
}

/** Says so again and again until it is stopped; an MDB that is away is told again later. */
export function startAlive(mdb: Mdb, spec: ProcessSpec): { stop(): void } {
  const beat = () => void keepAlive(mdb, spec).catch(() => {});
  beat();
  const timer = setInterval(beat, heartbeatMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

export interface ProcessSeen {
  readonly name: string;
  readonly siteId: string;
  /** Seconds since it was last seen. */
  readonly age: Seconds;
  /** Milliseconds by which its clock was ahead of the MDB's. */
  readonly clockAhead: Milliseconds;
}

/** The latest sign of life of each process, by what it does and where. */
export async function listProcesses(mdb: MdbOrTransaction): Promise<ProcessSeen[]> {
  const rows = await mdb.execute<ProcessSeen & Record<string, unknown>>(sql`
    select distinct on (name, site_id) name, site_id as "siteId",
      extract(epoch from now() - seen_at)::float8 as age, clock_ahead as "clockAhead"
    from processes order by name, site_id, seen_at desc`);
  return rows;
}

export interface FlowsSeen extends FlowsDescription {
  /** How many that work now run these; where none does, they are those that were run last. */
  readonly workers: number;
  /** ISO 8601: when one that runs them was last seen. */
  readonly seenAt: string;
}

/** The passages as the workers of now define them, the version that most run first; as the last ones did where none works. */
export async function listFlows(mdb: MdbOrTransaction): Promise<FlowsSeen[]> {
  const rows = await mdb.execute<
    { flows: FlowsDescription; workers: number; seenAt: string } & Record<string, unknown>
  >(
    sql`select flows, count(*) filter (where seen_at > now() - make_interval(secs => ${maxSilenceSeconds}))::int as workers,
        to_char(max(seen_at) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "seenAt"
      from processes where flows is not null group by flows order by workers desc, max(seen_at) desc`,
  );
  const [first, ...others] = rows.map(({ flows, workers, seenAt }) => ({ ...flows, workers, seenAt }));
  return first === undefined ? [] : [first, ...others.filter(({ workers }) => workers > 0)];
}

export async function listSiteIds(mdb: MdbOrTransaction): Promise<string[]> {
  const rows = await mdb.select({ id: sites.id }).from(sites).orderBy(sites.id);
  return rows.map(({ id }) => id);
}
