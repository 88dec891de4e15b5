/** Which machines a semaphore is about. */
import { eq, type SQL, sql } from 'drizzle-orm';
import { fleet, type Resource } from '../contract/semaphore.ts';
import type { MdbOrTransaction } from './connect.ts';
import { machines, racks, tags } from './schema.ts';

const columns: Readonly<Record<string, SQL>> = {
  machine: sql`${machines.id}`,
  rack: sql`${machines.rackId}`,
  pool: sql`${machines.pool}`,
  sku: sql`${machines.sku}`,
  site: sql`${machines.siteId}`,
};
const ofRack: Readonly<Record<string, SQL>> = {
  row: sql`${racks.row}`,
  feed: sql`${racks.feed}`,
  az: sql`${racks.az}`,
};

/** Condition on `machines`: the members of the group. Columns count before tags of the same name. */
export function inGroup({ tag, value }: Pick<Resource, 'tag' | 'value'>): SQL {
  if (tag === fleet.tag) return sql`true`;
  const column = columns[tag];
  if (column) return sql`${column} = ${value}`;
  const place = ofRack[tag];
  if (place) return sql`exists (select from ${racks} where ${racks.id} = ${machines.rackId} and ${place} = ${value})`;
  return sql`exists (select from ${tags} where ${tags.machineId} = ${machines.id} and ${tags.key} = ${tag} and ${tags.value} = ${value})`;
}

/** What the machine's tag of that name is, columns before tags; null when it has none. */
export async function groupOf(mdb: MdbOrTransaction, machineId: string, tag: string): Promise<string | null> {
  const ownTag = sql`(select ${tags.value} from ${tags} where ${tags.machineId} = ${machines.id} and ${tags.key} = ${tag})`;
  const place = ofRack[tag];
  const value =
    columns[tag] ?? (place ? sql`(select ${place} from ${racks} where ${racks.id} = ${machines.rackId})` : ownTag);
  const [row] = await mdb
    .select({ value: sql<string | null>`${value}` })
    .from(machines)
    .where(eq(machines.id, machineId));
  return row?.value ?? null;
}
