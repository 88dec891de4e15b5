/** What the Dominator reads of the MDB. */
import { sql } from 'drizzle-orm';
import type { MdbOrTransaction } from '../connect.ts';

/**
 * The machine list of the Dominator as JSON text: healthy machines that have a name and an address, the debug image's
 * too. One statement, so that it shows one moment and never half a machine.
 *
 * Tags are a rack's below its machine's own (`tagsSql` of `mdb/machines/attributes.ts`), joined, since there are many. Two columns
 * stand against tags of the same meaning, which `mdbd` would let win: the MDB says which image and which
 * owner. Updates are off for debug images and in pools that say so, but never while a machine still waits for its first
 * image, and that one is marked `FarrierFetch=unthrottled` so that it can be told apart from later fetches.
 */
export async function renderDominatorList(mdb: MdbOrTransaction): Promise<string> {
  const rows = await mdb.execute<{ list: string }>(sql`
    select coalesce(json_agg(json_strip_nulls(json_build_object(
      'Hostname', m.hostname, 'IpAddress', host(m.address), 'Location', m.rack_id, 'RequiredImage', m.required_image,
      'DisableUpdates', case when m.stage <> 'deployed'
        and (i.kind = 'debug' or coalesce(s.policy -> 'updatesOff' ? m.pool, false)) then true end,
      'OwnerGroup', m.owner, 'DataSourceType', 'farrier', 'DataSourceIdentifier', m.id,
      'Tags', (coalesce(r.tags, '{}'::jsonb) || coalesce(t.tags, '{}'::jsonb) - 'RequiredImage' - 'OwnerGroup')
        || case when m.stage = 'deployed' then '{"FarrierFetch":"unthrottled"}'::jsonb else '{}' end
      )) order by m.hostname), '[]')::text as list
    from machines m
    join sites s on s.id = m.site_id
    left join images i on i.id = m.required_image
    left join racks r on r.id = m.rack_id
    left join (select machine_id, jsonb_object_agg(key, value) as tags from tags group by machine_id) t on t.machine_id = m.id
    where m.boot_state = 'healthy' and m.hostname is not null and m.address is not null`);
  return rows[0]?.list ?? '[]';
}
