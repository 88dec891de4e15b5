/** Which machines a semaphore is about, and of which groups a machine takes permits. */

import { asc, eq, type SQL, sql } from 'drizzle-orm';
import { readSemaphoreId, semaphoreId } from '../../contract/semaphore.ts';
import {
  fleet,
  inOrder,
  type PermitOperation,
  permitOperations,
  type Resource,
  standardGroups,
} from '../../domain/permits/groups.ts';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, explain, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { attributeSql, doubtAttributes } from '../machines/attributes.ts';
import { permitGroups } from '../schema.ts';

type Group = Pick<Resource, 'tag' | 'value'>;

/** Condition on `machines m`: the members of the group. */
export function inGroup({ tag, value }: Group): SQL {
  return tag === fleet.tag ? sql`true` : sql`${attributeSql({ key: tag, tag: false })} = ${value}`;
}

export interface MachineGroups {
  /** Those that the policy names and those that the order names, each once, widest first. */
  readonly groups: readonly Group[];
  /** Names that the order gave and the machine has nothing under. */
  readonly missing: readonly string[];
}

/**
 * The groups of a machine whose permits an operation takes beside the fleet's. What the policy names and the machine
 * does not have is passed over: a machine that stands in no rack takes no rack's permit. What its order names it must
 * have.
 */
export async function groupsFor(
  mdb: MdbOrTransaction,
  machineId: string,
  operation: PermitOperation,
  named: readonly string[],
): Promise<MachineGroups> {
  const { tags: usual } = await readPermitGroups(mdb, operation);
  const tags = [...new Set([...usual, ...named])].filter((tag) => tag !== fleet.tag);
  if (tags.length === 0) return { groups: [], missing: [] };
  const values = tags.map((tag) => sql`${attributeSql({ key: tag, tag: false })}`);
  const rows = await mdb.execute<{ found: (string | null)[] }>(
    sql`select array[${sql.join(values, sql`, `)}] as found from machines m where m.id = ${machineId}`,
  );
  const found = rows[0]?.found ?? [];
  const valueBy = (tag: string) => found[tags.indexOf(tag)] ?? null;
  const fits = tags.flatMap((tag): Resource[] => {
    const resource = { operation, tag, value: valueBy(tag) ?? '' };
    return readSemaphoreId(semaphoreId(resource)) === null ? [] : [resource];
  });
  return {
    groups: inOrder(fits).map(({ tag, value }) => ({ tag, value })),
    // A value that no semaphore can be called by is missing for whoever wants its permit, the policy too.
    missing: tags.filter(
      (tag) => !fits.some((one) => one.tag === tag) && (valueBy(tag) !== null || named.includes(tag)),
    ),
  };
}

export interface PermitGroupsRow {
  readonly operation: PermitOperation;
  /** Names of columns and tags, widest first. */
  readonly tags: readonly string[];
  /** Who set them, and why; null where nobody has. */
  readonly by: string | null;
  readonly reason: string | null;
}

/** The policy: by which names an operation takes permits when its order names none. */
export async function listPermitGroups(mdb: MdbOrTransaction): Promise<PermitGroupsRow[]> {
  const rows = await mdb.select().from(permitGroups).orderBy(asc(permitGroups.operation));
  return permitOperations.map((operation) => {
    const row = rows.find((one) => one.operation === operation);
    if (row === undefined) return { operation, tags: standardGroups[operation], by: null, reason: null };
    return { operation, tags: row.tags, by: row.updatedBy, reason: row.reason };
  });
}

async function readPermitGroups(mdb: MdbOrTransaction, operation: PermitOperation) {
  const [row] = await mdb.select().from(permitGroups).where(eq(permitGroups.operation, operation));
  return { tags: row?.tags ?? standardGroups[operation] };
}

/** Sets them; no name leaves the fleet's permit alone. In force with the next permit that is asked for. */
export async function setPermitGroups(
  mdb: Mdb,
  operator: Actor,
  operation: PermitOperation,
  wanted: readonly string[],
  reason: string,
): Promise<PermitGroupsRow | Refused> {
  return acting(mdb, operator, null, async (tx): Promise<PermitGroupsRow | Refused> => {
    const doubt = await doubtAttributes(
      tx,
      wanted.filter((tag) => tag !== fleet.tag).map((key) => ({ key, tag: false })),
    );
    if (doubt !== null) return { code: 'invalid', message: doubt, field: 'tags' };
    const tags = inOrder(wanted.map((tag) => ({ operation, tag, value: 'x' })))
      .map(({ tag }) => tag)
      .filter((tag) => tag !== fleet.tag);
    const before = await readPermitGroups(tx, operation);
    await explain(tx, { reason });
    const set = { tags, updatedBy: operator.name, reason, updatedAt: new Date() };
    await tx
      .insert(permitGroups)
      .values({ operation, ...set })
      .onConflictDoUpdate({ target: permitGroups.operation, set });
    const detail = { operation, before: before.tags, after: tags, reason };
    await record(tx, { actor: operator, action: 'semaphore.groups', detail });
    return { operation, tags, by: operator.name, reason };
  });
}
