/**
 * What a machine has under a name: a column, or a tag. The one reader of both, for selectors, for the groups of
 * semaphores and of capacity, and for whoever sets tags. Everything that was typed reaches the MDB as a parameter.
 */

import { type SQL, sql } from 'drizzle-orm';
import {
  type Attribute,
  type ColumnName,
  columnNames,
  isColumn,
  type PlaceName,
  placeNames,
} from '../../domain/attributes.ts';
import { suggest } from '../../domain/suggest.ts';
import type { MdbOrTransaction } from '../connect.ts';

const ofRack = (column: string) => sql`(select r.${sql.identifier(column)} from racks r where r.id = m.rack_id)`;

const places: Readonly<Record<PlaceName, SQL>> = {
  rack: sql`m.rack_id`,
  row: ofRack('row'),
  feed: ofRack('feed'),
  az: ofRack('az'),
  pool: sql`m.pool`,
  sku: sql`m.sku`,
};

const columns: Readonly<Record<ColumnName, SQL>> = {
  ...places,
  id: sql`m.id`,
  machine: sql`m.id`,
  // A card that another machine has now tells nothing of this one.
  mac: sql`case when m.mac_moved_to is null then m.mac::text end`,
  hostname: sql`m.hostname`,
  site: sql`m.site_id`,
  unit: sql`m.unit::text`,
  stage: sql`m.stage::text`,
  state: sql`m.op_state::text`,
  opstate: sql`m.op_state::text`,
  boot: sql`m.boot_state::text`,
  repair: sql`m.repair_state::text`,
  owner: sql`m.owner`,
  profile: sql`m.profile_id`,
  image: sql`m.observed_image`,
  'required-image': sql`m.required_image`,
  vendor: sql`m.vendor`,
  product: sql`m.product`,
  serial: sql`m.serial`,
  firmware: sql`m.firmware`,
  bios: sql`m.bios_version`,
  // The latest campaign that the reconciler put its drift into.
  'drift-campaign': sql`(select d.campaign_id from drifts d where d.machine_id = m.id and d.resolved_at is null
    and d.campaign_id is not null order by d.proposed_at desc, d.id desc limit 1)`,
};

/** What the machine `m` has under this name, as text; null where it has nothing. A tag of its rack is its own too. */
export function attributeSql({ key, tag }: Attribute): SQL {
  const column = isColumn({ key, tag }) ? columns[key as ColumnName] : undefined;
  const tagged = sql`(select t.value from tags t where t.machine_id = m.id and t.key = ${key}),
    (select r.tags ->> ${key}::text from racks r where r.id = m.rack_id)`;
  return column === undefined ? sql`coalesce(${tagged})` : sql`coalesce(${column}, ${tagged})`;
}

/** All tags of the machine `m` as one JSON object, its rack's below its own. */
export const tagsSql = sql`(coalesce((select r.tags from racks r where r.id = m.rack_id), '{}'::jsonb)
  || coalesce((select jsonb_object_agg(t.key, t.value) from tags t where t.machine_id = m.id), '{}'::jsonb))`;

/** Names of the tags that some machine or rack has. */
export async function listTagNames(mdb: MdbOrTransaction): Promise<string[]> {
  const rows = await mdb.execute<{ key: string }>(sql`
    select distinct key from tags union select jsonb_object_keys(tags) from racks where tags <> '{}'::jsonb order by 1`);
  return rows.map(({ key }) => key);
}

/** Why a name is none that any machine has anything under, in a sentence; null where one may. */
export async function doubtAttributes(mdb: MdbOrTransaction, wanted: readonly Attribute[]): Promise<string | null> {
  const others = wanted.filter((one) => !isColumn(one));
  if (others.length === 0) return null;
  const tags = await listTagNames(mdb);
  const unknown = others.find(({ key }) => !tags.includes(key));
  if (unknown === undefined) return null;
  const { key, tag } = unknown;
  const near = suggest(key, [...(tag ? placeNames : columnNames), ...tags]);
  return `no machine has ${JSON.stringify(key)}: it is no column, and no machine or rack has such a tag${near}`;
}

/** Whether the MDB knows a group of that name and value: a place, or machines that have it. */
export async function isGroupKnown(mdb: MdbOrTransaction, tag: string, value: string): Promise<boolean> {
  const announced: Readonly<Record<string, SQL>> = {
    rack: sql`exists (select from racks where id = ${value})`,
    row: sql`exists (select from racks where "row" = ${value})`,
    feed: sql`exists (select from racks where feed = ${value})`,
    az: sql`exists (select from racks where az = ${value})`,
    site: sql`exists (select from sites where id = ${value})`,
    pool: sql`exists (select from pools where id = ${value}) or exists (select from profiles where pool = ${value})`,
  };
  const place = Object.hasOwn(announced, tag) ? announced[tag] : undefined;
  const rows = await mdb.execute<{ known: boolean }>(sql`
    select ${place ?? sql`false`} or exists (
      select from machines m where ${attributeSql({ key: tag, tag: false })} = ${value}) as known`);
  return rows[0]?.known === true;
}
