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

/** Racks and what is in them; of some pools those racks in which they have machines, and these alone are counted. */
export async function listRacks(mdb: MdbOrTransaction, pools: readonly string[] | null): Promise<ListedRack[]> {
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
      where ${pools === null} or m.machines > 0 order by r.id`,
  );
}
