/** What hangs on a switch, a feed or a rack, by where machines stand and what their NICs have heard. */
import { type SQL, sql } from 'drizzle-orm';
import type { ImpactKind } from '../../domain/places/impact.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { attributeSql } from '../machines/attributes.ts';
import { type Row, rowsOf } from '../rows.ts';

export interface Dependent {
  readonly machineId: string;
  readonly hostname: string | null;
  readonly rack: string | null;
  readonly unit: number | null;
  readonly pool: string;
  readonly owner: string | null;
  readonly stage: string;
  readonly opState: string;
  /** The port of the switch; null of a feed or a rack. */
  readonly port: string | null;
  /** Other switches that lead to it: with none it goes when this one does. */
  readonly others: number;
}

const leads = sql`p.rack_id = m.rack_id and p.unit = m.unit and (p.slot is null or p.slot is not distinct from m.slot)`;

/** The port by which a machine hangs on a switch: where a port leads to it, or where a NIC of it has heard it. */
const portOf = (name: string) => sql`coalesce(
  (select min(p.port) from switch_ports p where p.switch_id = ${name} and ${leads}),
  (select min(n.neighbour_port) from nics n join switches s on lower(s.chassis) = lower(n.neighbour_chassis)
    where n.machine_id = m.id and s.id = ${name}))`;

const otherSwitches = (name: string) => sql`(select count(distinct id)::int from (
  select p.switch_id as id from switch_ports p where ${leads}
  union select s.id from nics n join switches s on lower(s.chassis) = lower(n.neighbour_chassis) where n.machine_id = m.id
  ) ways where id <> ${name})`;

/** Machines that hang on it, but for retired ones; null where there is no such thing. */
export async function listDependents(
  mdb: MdbOrTransaction,
  kind: ImpactKind,
  name: string,
): Promise<Dependent[] | null> {
  const ways: Readonly<Record<ImpactKind, { readonly there: SQL; readonly hangs: SQL; readonly isSwitch: boolean }>> = {
    switch: {
      there: sql`select from switches where id = ${name}`,
      hangs: sql`${portOf(name)} is not null`,
      isSwitch: true,
    },
    feed: {
      there: sql`select from racks where feed = ${name} union all select from tags where key = 'feed' and value = ${name}`,
      hangs: sql`${attributeSql({ key: 'feed', tag: false })} = ${name}`,
      isSwitch: false,
    },
    rack: {
      there: sql`select from racks where id = ${name}`,
      hangs: sql`m.rack_id = ${name}`,
      isSwitch: false,
    },
  };
  const { there, hangs, isSwitch } = ways[kind];
  const [known] = await mdb.execute<{ there: boolean }>(sql`select exists (${there}) as there`);
  if (!known?.there) return null;
  return rowsOf<Dependent & Row>(
    mdb,
    sql`select m.id as "machineId", m.hostname, m.rack_id as rack, m.unit, m.pool, m.owner, m.stage,
        m.op_state as "opState", ${isSwitch ? portOf(name) : sql`null::text`} as port,
        ${isSwitch ? otherSwitches(name) : sql`0`} as others
      from machines m where m.stage <> 'retired' and ${hangs} order by m.rack_id, m.unit, m.id`,
  );
}

/** How many machines of each pool are in production. */
export async function countInProduction(mdb: MdbOrTransaction): Promise<ReadonlyMap<string, number>> {
  const rows = await mdb.execute<{ pool: string; machines: number }>(
    sql`select pool, count(*)::int as machines from machines where stage = 'in_service' and op_state = 'production'
      group by pool`,
  );
  return new Map(rows.map(({ pool, machines }) => [pool, machines]));
}

/** Names of all such things, for who has mistyped one. */
export async function listNamesOf(mdb: MdbOrTransaction, kind: ImpactKind): Promise<string[]> {
  const names: Readonly<Record<ImpactKind, SQL>> = {
    switch: sql`select id as name from switches`,
    feed: sql`select distinct feed as name from racks where feed is not null`,
    rack: sql`select id as name from racks`,
  };
  return (await mdb.execute<{ name: string }>(names[kind])).map(({ name }) => name);
}
