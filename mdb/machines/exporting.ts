/** The fleet as it is told to other systems. */
import { type SQL, sql } from 'drizzle-orm';
import type { ExportedFleet, ExportedMachine, ExportedRack } from '../../domain/imports/exported.ts';
import type { Selector } from '../../domain/selector.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { listed } from '../rows.ts';
import { inPools } from './listing.ts';
import { selectorSql } from './selecting.ts';

export interface ExportWanted {
  readonly selector?: Selector | undefined;
  /** Only of these; null: of all. */
  readonly pools: readonly string[] | null;
}

/** All that is wanted at one moment, in the order of racks and units. Retired machines are none of it. */
export async function readExported(mdb: MdbOrTransaction, { selector, pools }: ExportWanted): Promise<ExportedFleet> {
  const parts = [sql`m.stage <> 'retired'`, sql`m.resembles is null`];
  if (selector !== undefined) parts.push(sql`(${selectorSql(selector)})`);
  if (pools !== null) parts.push(inPools(pools));
  const filter = sql.join(parts, sql` and `);
  const rows = await mdb.execute<{ machines: ExportedMachine[]; racks: ExportedRack[] }>(sql`
    select ${listed(machinesQuery(filter))} as machines, ${listed(racksQuery(filter))} as racks`);
  const { machines = [], racks = [] } = rows[0] ?? {};
  return { machines: machines.map(({ inServiceAt, ...one }) => ({ ...one, inServiceAt: timeOf(inServiceAt) })), racks };
}

const timeOf = (time: string | null) => (time === null ? null : new Date(time).toISOString());

const machinesQuery = (filter: SQL) => sql`
  select m.id, m.hostname, host(m.address) as address, m.mac, coalesce(n.macs, '[]') as macs, coalesce(m.serial, e.serial) as serial,
    m.rack_id as rack, m.unit, m.slot, coalesce(b.origin, e.origin) as bmc, coalesce(b.secret_ref, e.secret_ref) as secret,
    coalesce(t.tags, '{}') as tags, coalesce(r.tags, '{}') as "rackTags", m.stage, m.op_state as "opState",
    m.boot_state as "bootState", m.repair_state as "repairState", m.pool, m.owner, m.vendor, m.product,
    m.required_image as "requiredImage", m.observed_image as "observedImage", m.in_service_at as "inServiceAt"
  from machines m
  left join racks r on r.id = m.rack_id
  left join bmcs b on b.machine_id = m.id
  left join expected_bmcs e on e.mac = m.mac
  left join (select machine_id, jsonb_object_agg(key, value) as tags from tags group by machine_id) t on t.machine_id = m.id
  left join (select c.machine_id, jsonb_agg(c.mac order by c.mac) as macs from nics c join machines o on o.id = c.machine_id
    where c.mac <> o.mac group by c.machine_id) n on n.machine_id = m.id
  where ${filter}
  order by m.rack_id, m.unit, m.slot, m.id`;

const racksQuery = (filter: SQL) => sql`
  select r.id, r.row, r.feed, r.az, r.units, r.tags from racks r
  where r.id in (select m.rack_id from machines m where ${filter}) order by r.ordinal, r.id`;
