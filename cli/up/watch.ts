import { sql } from 'drizzle-orm';
import type { OpState, RepairState, Stage } from '../../domain/machine.ts';
import type { MdbOrTransaction } from '../../mdb/connect.ts';
import { machines, orders, steps } from '../../mdb/schema.ts';

export interface UpMachine {
  readonly id: string;
  readonly hostname: string | null;
  readonly rack: string | null;
  readonly unit: number | null;
  readonly stage: Stage;
  readonly opState: OpState;
  /** How sick it is known to be; absent: not at all. */
  readonly repairState?: RepairState;
  /** Why nothing moves; null while it moves or has arrived. */
  readonly held: string | null;
  /** The step at work, e.g. `burnin`; null between steps. */
  readonly step: string | null;
  /** Share of the burn-in, 0 to 100; null outside of it. */
  readonly percent: number | null;
  /** Seconds from its first boot request to *in service*, or until now. */
  readonly seconds: number;
}

export interface UpRack {
  /** Null holds the machines whose place is not known yet. */
  readonly rack: string | null;
  readonly machines: number;
  /** Machines by stage; a stage without any is absent. */
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
  readonly held: number;
}

export interface FleetFigures {
  readonly racks: readonly UpRack[];
  /** One by one, unless there are more than were asked for: then none. */
  readonly machines: readonly UpMachine[];
  readonly total: number;
  readonly inService: number;
  readonly held: number;
  /** Seconds that each birth took, from its first boot request; the shortest, the median and the longest. */
  readonly births: { readonly min: number; readonly median: number; readonly max: number } | null;
}

interface RackRow extends Record<string, unknown> {
  rack: string | null;
  stage: Stage;
  machines: number;
  held: number;
}

/** Where every machine stands: one grouped read, and one read of single machines when there are few. */
export async function readFleet(mdb: MdbOrTransaction, max: number): Promise<FleetFigures> {
  const rows = await mdb.execute<RackRow>(sql`
    select rack_id as rack, stage, count(*)::int as machines, count(held)::int as held
    from ${machines} group by rack_id, stage order by rack_id nulls last`);
  const racks = foldRacks(rows);
  const total = racks.reduce((sum, rack) => sum + rack.machines, 0);
  return {
    racks,
    machines: total <= max ? await readMachines(mdb) : [],
    total,
    inService: racks.reduce((sum, rack) => sum + (rack.stages.in_service ?? 0), 0),
    held: racks.reduce((sum, rack) => sum + rack.held, 0),
    births: await readBirths(mdb),
  };
}

export function foldRacks(rows: readonly RackRow[]): UpRack[] {
  const racks = new Map<string | null, UpRack>();
  for (const row of rows) {
    const rack = racks.get(row.rack) ?? { rack: row.rack, machines: 0, stages: {}, held: 0 };
    racks.set(row.rack, {
      ...rack,
      machines: rack.machines + row.machines,
      held: rack.held + row.held,
      stages: { ...rack.stages, [row.stage]: (rack.stages[row.stage] ?? 0) + row.machines },
    });
  }
  return [...racks.values()];
}

async function readMachines(mdb: MdbOrTransaction): Promise<UpMachine[]> {
  const rows = await mdb.execute<{ [K in keyof UpMachine]: UpMachine[K] }>(sql`
    select m.id, m.hostname, m.rack_id as rack, m.unit, m.stage, m.op_state as "opState",
      m.repair_state as "repairState", m.held,
      s.name as step,
      case when s.name = 'burnin' or s.name = 'profile' then b.progress end as percent,
      extract(epoch from coalesce(m.in_service_at, now()) - m.first_boot_at)::float8 as seconds
    from ${machines} m
    left join lateral (
      select s.name, s.order_id from ${steps} s join ${orders} o on o.id = s.order_id
      where o.machine_id = m.id and o.state = 'running' and s.state in ('running', 'held')
      order by s.started_at desc limit 1
    ) s on true
    left join burnins b on b.order_id = s.order_id
    order by m.rack_id nulls last, m.unit, m.id`);
  return rows;
}

async function readBirths(mdb: MdbOrTransaction): Promise<FleetFigures['births']> {
  const rows = await mdb.execute<{ min: number | null; median: number; max: number }>(sql`
    select min(s)::float8 as min, percentile_cont(0.5) within group (order by s)::float8 as median,
      max(s)::float8 as max
    from (select extract(epoch from in_service_at - first_boot_at) as s from ${machines}
      where in_service_at is not null) as births`);
  const row = rows[0];
  return row && row.min !== null ? { min: row.min, median: row.median, max: row.max } : null;
}
