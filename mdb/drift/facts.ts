/** What the reconciler compares: what is wanted of machines, and what was last read of them, a page at a time. */

import { sql } from 'drizzle-orm';
import type { DriftFacts } from '../../domain/drift/drift.ts';
import type { MdbOrTransaction } from '../connect.ts';

const millis = (time: ReturnType<typeof sql>) => sql`(extract(epoch from ${time}) * 1000)::float8`;
const listed = (rows: ReturnType<typeof sql>) => sql`(select coalesce(jsonb_agg(x), '[]'::jsonb) from (${rows}) x)`;

/** Machines of the site that have been in service, behind `after`, in their order. */
export async function readFacts(
  tx: MdbOrTransaction,
  siteId: string,
  after: string,
  limit: number,
): Promise<DriftFacts[]> {
  // NICs are found by their MAC, so that those of a whole page are counted at once.
  const rows = await tx.execute<DriftFacts & Record<string, unknown>>(sql`
    with m as (
      select * from machines where site_id = ${siteId} and in_service_at is not null and stage <> 'retired'
        and id > ${after} order by id limit ${limit}),
    n as (
      select machine_id, count(*) as nics, max(seen_at) as seen_at from nics where machine_id in (select id from m)
      group by machine_id)
    select m.id as "machineId",
      jsonb_build_object('bios', coalesce(p.bios, '{}'), 'firmware', coalesce(p.firmware, '{}'),
        'hardware', coalesce(p.hardware, '{}')) as wants,
      b.machine_id is not null as controller,
      ${millis(sql`m.in_service_at`)} as "inServiceAt",
      ${millis(sql`r.settings_at`)} as "settingsAt", r.settings_error as "settingsError",
      ${millis(sql`(select max(s.read_at) from sensor_readings s where s.machine_id = m.id)`)} as "inventoryAt",
      (select coalesce(jsonb_object_agg(d.kind, d.document), '{}') from controller_documents d where d.machine_id = m.id
        and d.kind in ('bios', 'firmware', 'system', 'cpus', 'dimms', 'drives', 'nics', 'accelerators')) as documents,
      ${millis(sql`(select max(d.seen_at) from controller_documents d where d.machine_id = m.id
        and d.kind in ('system', 'cpus', 'dimms', 'drives', 'nics', 'accelerators'))`)} as "partsAt",
      ${millis(sql`n.seen_at`)} as "hostAt",
      m.firmware,
      jsonb_build_object('memoryMib', m.memory_mib,
        'cpus', ${listed(sql`select model, cores, threads from cpus where machine_id = m.id`)},
        'dimms', ${listed(sql`select mib from dimms where machine_id = m.id`)},
        'disks', ${listed(sql`select bytes from disks where machine_id = m.id and present`)},
        'nics', coalesce(n.nics, 0),
        'accelerators', ${listed(sql`select vendor, device from accelerators where machine_id = m.id`)}) as host,
      (select jsonb_build_object('host', h.host, 'controller', h.controller) from hardware_sheets h
        where h.machine_id = m.id) as sheet,
      ${millis(sql`(select max(i.settled_at) from intents i where i.machine_id = m.id
        and i.kind in ('set-bios', 'reset-bios'))`)} as "biosSetAt"
    from m left join n on n.machine_id = m.id left join profiles p on p.id = m.profile_id
      left join bmcs b on b.machine_id = m.id left join controller_records r on r.machine_id = m.id
    order by m.id`);
  return rows;
}
