/** Free tags of machines: setting, removing and listing them. */

import { and, inArray, sql } from 'drizzle-orm';
import type { Refused } from '../../domain/refused.ts';
import { changesTags, checkTagChange, refuseTagChange, type TagEdit, type Tags } from '../../domain/tags.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { machines, tags } from '../schema.ts';

/** Sets and removes tags of each machine, all or none; each machine's change is an audit row of its own. */
export async function changeTags(
  mdb: Mdb,
  operator: Actor,
  machineIds: readonly string[],
  change: TagEdit,
  reason: string,
): Promise<{ changed: number } | Refused> {
  const problems = checkTagChange(change);
  if (problems.length > 0) return { code: 'invalid', message: problems.join('; '), field: 'set' };
  const ids = [...machineIds].sort();
  return acting(mdb, operator, null, async (tx): Promise<{ changed: number } | Refused> => {
    await tx
      .select({ id: machines.id })
      .from(machines)
      .where(inArray(machines.id, ids))
      .orderBy(machines.id)
      .for('update');
    const before = await readTags(tx, ids);
    const refused = refuseTagChange(before, change);
    if (refused) return refused;
    await write(tx, ids, change);
    const changed = ids.filter((id) => changesTags(before.get(id) ?? {}, change));
    for (const machineId of changed) {
      const had = before.get(machineId) ?? {};
      const names = [...Object.keys(change.set), ...change.remove].filter((name) => Object.hasOwn(had, name));
      const detail = { ...change, before: Object.fromEntries(names.map((name) => [name, had[name]])), reason };
      await record(tx, { actor: operator, action: 'machine.tag', machineId, detail });
    }
    return { changed: changed.length };
  });
}

async function readTags(tx: Transaction, ids: readonly string[]): Promise<Map<string, Tags>> {
  const rows = await tx
    .select()
    .from(tags)
    .where(inArray(tags.machineId, [...ids]));
  const grouped = Map.groupBy(rows, ({ machineId }) => machineId);
  const tagsOf = (id: string) => Object.fromEntries((grouped.get(id) ?? []).map(({ key, value }) => [key, value]));
  return new Map(ids.map((id) => [id, tagsOf(id)]));
}

async function write(tx: Transaction, ids: readonly string[], { set, remove }: TagEdit): Promise<void> {
  if (remove.length > 0)
    await tx.delete(tags).where(and(inArray(tags.machineId, [...ids]), inArray(tags.key, [...remove])));
  // One value for all machines in one statement a tag: PostgreSQL takes 65,535 parameters.
  for (const [key, value] of Object.entries(set))
    await tx
      .insert(tags)
      .values(ids.map((machineId) => ({ machineId, key, value })))
      .onConflictDoUpdate({ target: [tags.machineId, tags.key], set: { value } });
}

/** Tags of a machine that is written in this transaction; checked before. */
export async function insertTags(tx: Transaction, machineId: string, given: Tags): Promise<void> {
  const rows = Object.entries(given).map(([key, value]) => ({ machineId, key, value }));
  if (rows.length > 0) await tx.insert(tags).values(rows).onConflictDoNothing();
}

export interface TagCount {
  readonly name: string;
  readonly value: string;
  readonly machines: number;
}

/** Every tag and value with the machines that have it, their racks' counted too; or those of one machine. */
export async function listTags(mdb: MdbOrTransaction, machineId: string | null): Promise<TagCount[]> {
  const rows = await mdb.execute<TagCount & Record<string, unknown>>(sql`
    select key as name, value, count(*)::int as machines from (
      select m.id, t.key, t.value from tags t join machines m on m.id = t.machine_id
      union all
      select m.id, r.key, r.value from machines m join racks k on k.id = m.rack_id, jsonb_each_text(k.tags) r
      where not exists (select from tags t where t.machine_id = m.id and t.key = r.key)) as all_tags
    where ${machineId === null ? sql`true` : sql`id = ${machineId}`}
    group by key, value order by key, value limit 5000`);
  return rows;
}
