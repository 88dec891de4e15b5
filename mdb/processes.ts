/** Farrier's own processes: each says that it works, and by that whoever asks sees which do not. */

import { hostname } from 'node:os';
import { sql } from 'drizzle-orm';
import type { Milliseconds, Seconds } from '../domain/duration.ts';
import type { Mdb, MdbOrTransaction } from './connect.ts';
import { sites } from './schema.ts';

/** What must run for machines to move, each at least once; `hardware` once a site. */
export const processNames = ['dispatch', 'lifecycle', 'hardware', 'birther', 'agents'] as const;
export type ProcessName = (typeof processNames)[number];

export interface ProcessSpec {
  readonly name: ProcessName;
  readonly siteId: string;
}

/** Between two signs of life, in milliseconds. */
export const heartbeatMs = 15_000;

/** Writes that this process works, and what its clock says. Rows of those that ended a day ago go. */
export async function keepAlive(mdb: Mdb, { name, siteId }: ProcessSpec, clock = new Date()): Promise<void> {
  const instance = `${hostname()}/${process.pid}`;
  const ahead = sql`extract(epoch from ${clock.toISOString()}::timestamptz - clock_timestamp())::numeric * 1000`;
  await mdb.execute(sql`
    insert into processes (name, site_id, instance, seen_at, clock_ahead)
    values (${name}, ${siteId}, ${instance}, now(), greatest(-2000000000, least(2000000000, ${ahead}))::int)
    on conflict (name, site_id, instance) do update set seen_at = now(), clock_ahead = excluded.clock_ahead`);
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

export async function listSiteIds(mdb: MdbOrTransaction): Promise<string[]> {
  const rows = await mdb.select({ id: sites.id }).from(sites).orderBy(sites.id);
  return rows.map(({ id }) => id);
}
