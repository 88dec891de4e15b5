/** Where on the conveyor belt the machines are, rack by rack, and which stand still. */
import { sql } from 'drizzle-orm';
import type { Stage } from '../../domain/machine.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { iso, type Row, rowsOf } from '../rows.ts';
import { inPools } from './listing.ts';

export interface BeltCell {
  readonly rack: string | null;
  readonly stage: Stage;
  readonly machines: number;
  readonly held: number;
  /** Machines with a step that is past its limit. */
  readonly late: number;
}

export interface StuckStep {
  readonly machineId: string;
  readonly hostname: string | null;
  readonly rack: string | null;
  readonly stage: Stage;
  readonly passage: string;
  readonly step: string;
  readonly owner: string;
  readonly limitAt: string;
  readonly held: string | null;
}

const lateSteps = sql`from steps s join orders o on o.id = s.order_id
  where s.state in ('running', 'held') and s.limit_at < now()`;

/** `pools`: only of machines of these; null: of all. */
export async function countBelt(mdb: MdbOrTransaction, pools: readonly string[] | null): Promise<BeltCell[]> {
  return rowsOf<BeltCell & Row>(
    mdb,
    sql`select m.rack_id as rack, m.stage, count(*)::int as machines, count(m.held)::int as held,
        count(late.machine_id)::int as late
      from machines m left join (select distinct o.machine_id ${lateSteps}) late on late.machine_id = m.id
      where ${inPools(pools)} group by 1, 2 order by 1 nulls first, 2`,
  );
}

/** Those that are past their limit for longest first. */
export async function listStuck(
  mdb: MdbOrTransaction,
  pools: readonly string[] | null,
  limit: number,
): Promise<StuckStep[]> {
  const rows = await rowsOf<StuckStep & Row>(
    mdb,
    sql`select m.id as "machineId", m.hostname, m.rack_id as rack, m.stage, late.passage, late.name as step, late.owner,
        late.limit_at as "limitAt", m.held
      from (select o.machine_id, o.passage, s.name, s.owner, s.limit_at ${lateSteps}) late
      join machines m on m.id = late.machine_id where ${inPools(pools)} order by late.limit_at, m.id limit ${limit}`,
  );
  return rows.map((row) => ({ ...row, limitAt: iso(row.limitAt) }));
}
