/** Which machines a selector means. Everything that was typed reaches the MDB as a parameter. */
import { type SQL, sql } from 'drizzle-orm';
import type { Selector, Term } from '../contract/selector.ts';
import type { MdbOrTransaction } from './connect.ts';

const ofRack = (column: string) => sql`(select r.${sql.identifier(column)} from racks r where r.id = m.rack_id)`;

/** Where a machine stands or belongs: columns that count as tags, and that a tag of the same name stands in for. */
const places: Readonly<Record<string, SQL>> = {
  rack: sql`m.rack_id`,
  row: ofRack('row'),
  feed: ofRack('feed'),
  az: ofRack('az'),
  pool: sql`m.pool`,
  sku: sql`m.sku`,
};

const columns: Readonly<Record<string, SQL>> = {
  ...places,
  id: sql`m.id`,
  mac: sql`m.mac::text`,
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

/** What the machine `m` has under this name, as text; null where it has nothing. */
export function attributeSql({ key, tag }: Pick<Term, 'key' | 'tag'>): SQL {
  const tagged = sql`(select t.value from tags t where t.machine_id = m.id and t.key = ${key})`;
  const known = tag ? places : columns;
  const column = Object.hasOwn(known, key) ? known[key] : undefined;
  return column === undefined ? tagged : sql`coalesce(${column}, ${tagged})`;
}

/** A condition on `machines m`. */
export function selectorSql({ terms }: Selector): SQL {
  if (terms.length === 0) return sql`true`;
  return sql.join(terms.map(termSql), sql` and `);
}

function termSql(term: Term): SQL {
  const attribute = attributeSql(term);
  const values = sql.join(
    term.values.map((value) => sql`${value}`),
    sql`, `,
  );
  switch (term.operator) {
    case 'exists':
      return sql`${attribute} is not null`;
    case 'absent':
      return sql`${attribute} is null`;
    case 'in':
      return sql`${attribute} in (${values})`;
    case 'notin':
      return sql`(${attribute} is null or ${attribute} not in (${values}))`;
  }
}

/** Ids of the machines that a selector means, in their order; one more than `limit` says that there are too many. */
export async function selectMachines(mdb: MdbOrTransaction, selector: Selector, limit: number): Promise<string[]> {
  const { rows } = await mdb.execute<{ id: string }>(
    sql`select m.id from machines m where ${selectorSql(selector)} order by m.id limit ${limit + 1}`,
  );
  return rows.map(({ id }) => id);
}
