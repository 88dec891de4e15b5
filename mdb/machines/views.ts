/** Three views of the fleet by rack: is it as wanted, what does it consume, is it well. Of retired machines nothing is counted. */
import { sql } from 'drizzle-orm';
import type { HealthState } from '../../domain/fleetviews.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { judgedOf } from '../drift/listing.ts';
import { iso, type Row, rowsOf } from '../rows.ts';
import { inPools } from './listing.ts';

/** Only machines of these; null: all. */
type Pools = readonly string[] | null;

export interface ConformanceRow {
  /** Null for machines that stand in none. */
  readonly rack: string | null;
  readonly conformant: number;
  readonly drifting: number;
  readonly unknown: number;
}

/** Machines that have been in service, as the reconciler's latest round has found them. */
export async function countConformance(mdb: MdbOrTransaction, pools: Pools = null): Promise<ConformanceRow[]> {
  return rowsOf<ConformanceRow & Row>(
    mdb,
    sql`select rack, count(*) filter (where verdict = 'conformant')::int as conformant,
        count(*) filter (where verdict = 'drifting')::int as drifting,
        count(*) filter (where verdict = 'unknown')::int as unknown
      from (${judgedOf(pools)}) judged group by rack order by rack`,
  );
}

export interface ConsumptionRow {
  readonly rack: string | null;
  readonly machines: number;
  /** Machines whose draw was read. */
  readonly read: number;
  readonly watts: number;
  /** Cores and memory that they have, as far as their inventories tell. */
  readonly cores: number;
  readonly memoryMib: number;
  readonly unitsUsed: number;
  /** Null of no rack. */
  readonly units: number | null;
}

const latest = sql`select distinct on (machine_id) machine_id, watts, read_at from sensor_readings order by machine_id, id desc`;

/** What machines drew at the latest readings of their controllers, and what they take up. */
export async function countConsumption(mdb: MdbOrTransaction, pools: Pools = null): Promise<ConsumptionRow[]> {
  return rowsOf<ConsumptionRow & Row>(
    mdb,
    sql`select m.rack_id as rack, count(*)::int as machines, count(l.watts)::int as read,
        coalesce(sum(l.watts), 0)::real as watts, coalesce(sum(c.cores), 0)::int as cores,
        coalesce(sum(m.memory_mib), 0)::int as "memoryMib", count(distinct m.unit)::int as "unitsUsed", r.units
      from machines m left join (${latest}) l on l.machine_id = m.id left join racks r on r.id = m.rack_id
        left join (select machine_id, sum(cores) as cores from cpus group by machine_id) c on c.machine_id = m.id
      where m.stage <> 'retired' and ${inPools(pools)} group by m.rack_id, r.units order by m.rack_id`,
  );
}

export interface DrawRow {
  readonly machineId: string;
  readonly hostname: string | null;
  readonly unit: number | null;
  readonly watts: number | null;
  /** ISO 8601; null where it was never read. */
  readonly readAt: string | null;
}

/** The machines of a rack with what each drew when it was last read. */
export async function listDraws(mdb: MdbOrTransaction, rack: string, pools: Pools = null): Promise<DrawRow[]> {
  const rows = await rowsOf<DrawRow & Row>(
    mdb,
    sql`select m.id as "machineId", m.hostname, m.unit, l.watts, l.read_at as "readAt"
      from machines m left join lateral (select watts, read_at from sensor_readings s
        where s.machine_id = m.id order by s.id desc limit 1) l on true
      where m.rack_id = ${rack} and m.stage <> 'retired' and ${inPools(pools)} order by m.unit, m.id`,
  );
  return rows.map((row) => ({ ...row, readAt: iso(row.readAt) }));
}

export type HealthRow = Readonly<Record<HealthState, number>> & {
  readonly rack: string | null;
  /** Of those: their controllers could not be read when it was last their turn. */
  readonly unread: number;
};

/** How many machines are well, and what is the matter with the others; each is counted once, but for `unread`. */
export async function countHealth(mdb: MdbOrTransaction, pools: Pools = null): Promise<HealthRow[]> {
  return rowsOf<HealthRow & Row>(
    mdb,
    sql`select rack, count(*) filter (where state = 'held')::int as held,
        count(*) filter (where state = 'ailing')::int as ailing, count(*) filter (where state = 'aside')::int as aside,
        count(*) filter (where state = 'becoming')::int as becoming,
        count(*) filter (where state = 'healthy')::int as healthy, count(*) filter (where is_unread)::int as unread
      from (select m.rack_id as rack, case
          when m.held is not null then 'held'
          when m.repair_state <> 'none' or m.stage = 'repair' then 'ailing'
          when m.stage = 'in_service' and m.op_state = 'production' then 'healthy'
          when m.stage in ('in_service', 'maintenance') then 'aside'
          else 'becoming' end as state,
        r.inventory_error is not null or r.logs_error is not null as is_unread
      from machines m left join controller_records r on r.machine_id = m.id
      where m.stage <> 'retired' and ${inPools(pools)}) q
      group by rack order by rack`,
  );
}
