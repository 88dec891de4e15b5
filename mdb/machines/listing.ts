/** Machines as they stand, and by which names people call them. */
import { type SQL, sql } from 'drizzle-orm';
import {
  type BootState,
  normaliseMac,
  type OpState,
  type Passage,
  type RepairState,
  type Stage,
} from '../../domain/machine.ts';
import type { Selector } from '../../domain/selector.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { iso, type Row, rowsOf } from '../rows.ts';
import { among, selectorSql } from './selecting.ts';

export interface MachinesWanted {
  readonly stage?: string | undefined;
  readonly state?: string | undefined;
  readonly boot?: string | undefined;
  readonly rack?: string | undefined;
  readonly held?: boolean | undefined;
  readonly selector?: Selector | undefined;
  /** Only of these; null or absent: of all. */
  readonly pools?: readonly string[] | null | undefined;
  /** Id of the last machine of the page before. */
  readonly after?: string | undefined;
  readonly id?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly limit: number;
}

/** One machine as it stands. Times are ISO 8601. */
export interface ListedMachine {
  readonly id: string;
  readonly mac: string;
  readonly hostname: string | null;
  readonly address: string | null;
  readonly stage: Stage;
  readonly opState: OpState;
  readonly bootState: BootState;
  readonly repairState: RepairState;
  readonly rack: string | null;
  readonly unit: number | null;
  readonly slot: string | null;
  readonly pool: string;
  readonly product: string | null;
  readonly serial: string | null;
  readonly held: string | null;
  readonly orderId: string | null;
  readonly passage: Passage | null;
  /** `paused by …` or `taken over by …`. */
  readonly steered: string | null;
  /** The step that runs or is held; the agent's where it reports one. */
  readonly step: string | null;
  readonly stepState: string | null;
  readonly percent: number | null;
  /** When it came to be as it is. */
  readonly since: string | null;
  readonly lastSeenAt: string | null;
  readonly firstBootAt: string;
  readonly inServiceAt: string | null;
}

/** A page of machines in the order of their ids, with the step that each is in. */
export async function listMachines(mdb: MdbOrTransaction, wanted: MachinesWanted): Promise<ListedMachine[]> {
  const rows = await rowsOf<ListedMachine & Row>(mdb, summaryQuery(filterMachines(wanted), wanted.limit));
  return rows.map((row) => ({
    ...row,
    since: iso(row.since),
    lastSeenAt: iso(row.lastSeenAt),
    firstBootAt: iso(row.firstBootAt),
    inServiceAt: iso(row.inServiceAt),
  }));
}

/** How many machines there are of those that are wanted, on whatever page. */
export async function countMachines(
  mdb: MdbOrTransaction,
  wanted: Omit<MachinesWanted, 'after' | 'limit'>,
): Promise<number> {
  const rows = await mdb.execute<{ count: number }>(
    sql`select count(*)::integer as count from machines m where ${filterMachines({ ...wanted, limit: 0 })}`,
  );
  return rows[0]?.count ?? 0;
}

function filterMachines({ id, ids, stage, state, boot, rack, held, selector, pools, after }: MachinesWanted): SQL {
  const parts = [sql`true`];
  if (id !== undefined) parts.push(sql`m.id = ${id}`);
  if (ids !== undefined) parts.push(among(ids));
  if (stage !== undefined) parts.push(sql`m.stage::text = ${stage}`);
  if (state !== undefined) parts.push(sql`m.op_state::text = ${state}`);
  if (boot !== undefined) parts.push(sql`m.boot_state::text = ${boot}`);
  if (rack !== undefined) parts.push(sql`m.rack_id = ${rack}`);
  if (held !== undefined) parts.push(held ? sql`m.held is not null` : sql`m.held is null`);
  if (selector !== undefined) parts.push(sql`(${selectorSql(selector)})`);
  if (pools) parts.push(inPools(pools));
  if (after !== undefined) parts.push(sql`m.id > ${after}`);
  return sql.join(parts, sql` and `);
}

/** Of a machine `m`: whether it is in one of these pools; null or absent: in any. */
export const inPools = (pools: readonly string[] | null | undefined) =>
  pools ? sql`m.pool = any(${sql.param([...pools])}::text[])` : sql`true`;

// The page is cut before the look-ups, so that they run once a machine shown and not once a machine there is.
const summaryQuery = (filter: SQL, limit: number) => sql`
  select m.id, m.mac, m.hostname, host(m.address) as address, m.stage, m.op_state as "opState",
    m.boot_state as "bootState", m.repair_state as "repairState", m.rack_id as rack, m.unit, m.slot, m.pool, m.product,
    m.serial, m.held, m.last_seen_at as "lastSeenAt", m.first_boot_at as "firstBootAt",
    m.in_service_at as "inServiceAt", o.id as "orderId", o.passage,
    case when o.taken_over_by is not null then 'taken over by ' || o.taken_over_by
      when o.paused_by is not null then 'paused by ' || o.paused_by end as steered, s.name as step, s.state as "stepState",
    coalesce((s.detail ->> 'percent')::real, case when s.name in ('burnin', 'profile') then b.progress end) as percent,
    (select h.at from state_history h where h.machine_id = m.id and h.guarded in ('stage', 'op_state', 'repair_state')
      order by h.id desc limit 1) as since
  from (select * from machines m where ${filter} order by m.id limit ${limit}) m
  left join lateral (
    select id, passage, paused_by, taken_over_by from orders where machine_id = m.id and state in ('running', 'waiting')
    order by state = 'running' desc, created_at limit 1) o on true
  left join lateral (
    select name, state, detail from steps where order_id = o.id and state in ('running', 'held')
    order by state = 'held' desc, source = 'agent' desc, started_at desc limit 1) s on true
  left join burnins b on b.order_id = o.id
  order by m.id`;

/**
 * The id of the machine that a person names by id, hostname or MAC; null when there is none. A card is that of the machine
 * that shows it now, not of one that once booted from it.
 */
export async function findMachine(mdb: MdbOrTransaction, name: string): Promise<string | null> {
  const mac = normaliseMac(name);
  const found = await rowsOf<{ id: string }>(
    mdb,
    sql`select id from (
        select id, 1 as rank from machines where id = ${name}
        union all select id, 2 from machines where hostname = ${name.toLowerCase()}
        union all select machine_id, 3 from nics where mac = ${mac}::macaddr
        union all select id, 4 from machines where mac = ${mac}::macaddr and mac_moved_to is null
      ) found order by rank limit 1`,
  );
  return found[0]?.id ?? null;
}
