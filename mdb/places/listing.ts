import { sql } from 'drizzle-orm';
import type { MdbOrTransaction } from '../connect.ts';
import { inPools } from '../machines/listing.ts';
import { type Row, rowsOf } from '../rows.ts';

export interface ListedRack {
  readonly id: string;
  readonly row: string | null;
  readonly feed: string | null;
  readonly az: string | null;
  readonly units: number;
  /** Switch ports that lead to it. */
  readonly ports: number;
  readonly machines: number;
  readonly inService: number;
  readonly held: number;
  /** On the main network of its site. */
  readonly addressesFree: number;
}

/**
 * Racks and what is in them, or the one that is named; of some pools those racks in which they have machines, and these
 * alone are counted.
 */
export async function listRacks(
  mdb: MdbOrTransaction,
  pools: readonly string[] | null,
  id: string | null = null,
): Promise<ListedRack[]> {
  return rowsOf<ListedRack & Row>(
    mdb,
    sql`select r.id, r.row, r.feed, r.az, r.units,
        (select count(*)::int from switch_ports p where p.rack_id = r.id) as ports,
        coalesce(m.machines, 0) as machines, coalesce(m."inService", 0) as "inService", coalesce(m.held, 0) as held,
        coalesce(f.free, 0) as "addressesFree"
      from racks r
      left join (select m.rack_id, count(*)::int as machines, count(*) filter (where stage = 'in_service')::int as "inService",
          count(held)::int as held from machines m where m.rack_id is not null and ${inPools(pools)} group by m.rack_id) m
        on m.rack_id = r.id
      left join (select n.site_id, count(*)::int as free from addresses a join networks n on n.id = a.network_id
        where n.kind = 'main' and a.machine_id is null group by n.site_id) f on f.site_id = r.site_id
      where (${id}::text is null or r.id = ${id}) and (${pools === null} or m.machines > 0) order by r.id`,
  );
}

export interface CabledPort {
  readonly switch: string;
  readonly switchName: string;
  readonly port: string;
  readonly unit: number;
  readonly slot: string | null;
  readonly machineId: string | null;
  readonly hostname: string | null;
}

/** Switch ports that lead to a rack, from the top down; of some pools those at which their machines stand. */
export function listCabling(
  mdb: MdbOrTransaction,
  pools: readonly string[] | null,
  rack: string,
): Promise<CabledPort[]> {
  return rowsOf<CabledPort & Row>(
    mdb,
    sql`select p.switch_id as switch, s.name as "switchName", p.port, p.unit, p.slot, m.id as "machineId", m.hostname
      from switch_ports p join switches s on s.id = p.switch_id left join machines m on ${standsThere}
      where p.rack_id = ${rack} and ${inPools(pools)} order by p.unit desc, p.slot, p.switch_id, p.port`,
  );
}

const standsThere = sql`m.rack_id = p.rack_id and m.unit = p.unit and (p.slot is null or m.slot = p.slot)`;

export interface ListedNetwork {
  readonly id: string;
  readonly site: string;
  readonly kind: 'birth' | 'main' | 'bmc';
  readonly cidr: string;
  readonly gateway: string | null;
  readonly dns: readonly string[];
  readonly vlan: number | null;
  readonly assignment: 'position' | 'pool';
  /** Addresses that Farrier may lend of it, and how many are left. */
  readonly addresses: number;
  readonly free: number;
  /** From the lowest to the highest of them; null where none are lent. */
  readonly range: { readonly first: string; readonly last: string } | null;
}

export async function listNetworks(mdb: MdbOrTransaction): Promise<ListedNetwork[]> {
  return rowsOf<ListedNetwork & Row>(
    mdb,
    sql`select n.id, n.site_id as site, n.kind, n.cidr, host(n.gateway) as gateway, n.dns, n.vlan, n.assignment,
        count(a.address)::int as addresses, count(a.address) filter (where a.machine_id is null)::int as free,
        case when count(a.address) > 0 then
          jsonb_build_object('first', host(min(a.address)), 'last', host(max(a.address))) end as range
      from networks n left join addresses a on a.network_id = n.id group by n.id order by n.site_id, n.id`,
  );
}

export interface ListedSwitch {
  readonly id: string;
  readonly site: string;
  readonly chassis: string;
  readonly name: string;
  readonly ports: readonly {
    readonly port: string;
    readonly rack: string;
    readonly unit: number;
    readonly slot: string | null;
  }[];
}

export async function listSwitches(mdb: MdbOrTransaction): Promise<ListedSwitch[]> {
  return rowsOf<ListedSwitch & Row>(
    mdb,
    sql`select s.id, s.site_id as site, s.chassis, s.name, coalesce((
        select jsonb_agg(jsonb_build_object('port', p.port, 'rack', p.rack_id, 'unit', p.unit, 'slot', p.slot)
          order by p.rack_id, p.unit, p.slot, p.port) from switch_ports p where p.switch_id = s.id), '[]') as ports
      from switches s order by s.site_id, s.id`,
  );
}
