/**
 * The guard in front of production: how many machines of each group must stay, counted in the transaction that lets
 * one go. Everything that takes a machine out of production goes through `leaveProduction`.
 */

import { and, eq, inArray, or, sql } from 'drizzle-orm';
import {
  type CapacityGroups,
  type CapacityListing,
  type CapacityRule,
  describeShortage,
  findShortage,
  type GroupCount,
  minimum,
  ruleFor,
  type Shortage,
} from '../../domain/capacity.ts';
import {
  type CapacityScope,
  capacityScopes,
  isOfferable,
  type MinimumUnit,
  type OpState,
} from '../../domain/machine.ts';
import { type Actor, acting, explain, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { lock } from '../locks.ts';
import { attributeSql } from '../machines/attributes.ts';
import { offerableSql } from '../machines/offerable.ts';
import { capacityRules, machines } from '../schema.ts';
import { holdByBreaker } from './circuitbreaker.ts';

export type TakeOutVerdict =
  | { readonly left: true }
  | {
      readonly left: false;
      /** One sentence for a person: which group, what it has and what it needs. */
      readonly held: string;
      /** Null when the storm brake held it. */
      readonly shortage: Shortage | null;
    };

export interface Leaving {
  readonly machineId: string;
  readonly to: OpState;
  /** Only says whether it might leave now. */
  readonly dryRun?: boolean;
}

/**
 * Moves a machine out of production, unless that would leave one of its groups with less than its minimum, or the storm
 * brake is engaged. A machine that is out of production already has left, and stays where it is.
 */
export async function leaveProduction(tx: Transaction, { machineId, to, dryRun }: Leaving): Promise<TakeOutVerdict> {
  const [machine] = await tx.select().from(machines).where(eq(machines.id, machineId)).for('update');
  if (!machine) throw new Error(`the MDB has no machine ${machineId}`);
  if (machine.opState !== 'production') return { left: true };
  // Those who leave queue for this until they commit: whoever counts sees all that left before. It is taken after the
  // machine's own row, and nothing that holds it waits for another machine, so it can't deadlock.
  await lock(tx, 'takenOut');
  const groups = await groupsOf(tx, machineId);
  const braked = await holdByBreaker(tx, machineId, groups, dryRun);
  if (braked !== null) return { left: false, held: braked, shortage: null };
  // One that counts for nothing costs nothing: a machine that is sick already may always be taken out.
  const shortage = isOfferable(machine) ? await readShortage(tx, groups) : null;
  if (shortage !== null) return { left: false, held: describeShortage(shortage), shortage };
  if (!dryRun) await tx.update(machines).set({ opState: to }).where(eq(machines.id, machineId));
  return { left: true };
}

/** What a machine `m` counts for in a scope. */
const memberOf = (scope: CapacityScope) =>
  scope === 'fleet' ? sql`'*'::text` : sql`${attributeSql({ key: scope, tag: false })}`;

/** The scopes that every machine is counted by, and those that somebody has set a minimum for. */
async function scopesOf(tx: MdbOrTransaction): Promise<CapacityScope[]> {
  const rows = await tx
    .select({ scope: capacityRules.scope })
    .from(capacityRules)
    .groupBy(capacityRules.scope)
    .orderBy(capacityRules.scope);
  return [...new Set([...capacityScopes, ...rows.map(({ scope }) => scope)])];
}

async function groupsOf(tx: Transaction, machineId: string): Promise<CapacityGroups> {
  const scopes = await scopesOf(tx);
  const rows = await tx.execute<{ names: (string | null)[] }>(
    sql`select array[${sql.join(scopes.map(memberOf), sql`, `)}] as names from machines m where m.id = ${machineId}`,
  );
  const names = rows[0]?.names ?? [];
  return Object.fromEntries(
    scopes.flatMap((scope, index) => {
      const name = names[index] ?? null;
      return name === null ? [] : [[scope, name]];
    }),
  );
}

/** The first group, widest first, that would fall below its minimum if it lost one machine. */
async function readShortage(tx: Transaction, groups: CapacityGroups): Promise<Shortage | null> {
  const rules = await rulesFor(tx, groups);
  return rules.length === 0 ? null : findShortage(groups, rules, await countGroups(tx, groups, rules));
}

/** The rule of each group that has one, the widest scope first. */
async function rulesFor(tx: Transaction, groups: CapacityGroups): Promise<CapacityRule[]> {
  const rows = await tx
    .select()
    .from(capacityRules)
    .where(
      or(
        ...Object.entries(groups).map(([scope, name]) =>
          and(eq(capacityRules.scope, scope), inArray(capacityRules.name, ['*', name])),
        ),
      ),
    );
  return Object.entries(groups).flatMap(([scope, name]) => ruleFor(rows, scope, name) ?? []);
}

// Who belongs to a group's capacity: whoever was in service once and has not left the fleet. A machine on its first
// way there is no loss.
const belongs = sql`m.stage <> 'retired' and (m.in_service_at is not null or exists (
  select from state_history h where h.machine_id = m.id and h.guarded = 'op_state' and h."to" = 'production'))`;

/** Machines of each rule's group, in the order of the rules. */
async function countGroups(
  tx: Transaction,
  groups: CapacityGroups,
  rules: readonly CapacityRule[],
): Promise<GroupCount[]> {
  const columns = rules.map(({ scope }) => {
    const inside = sql`${memberOf(scope)} = ${groups[scope] ?? '*'}`;
    return sql`count(*) filter (where ${inside})::int, count(*) filter (where ${inside} and ${offerableSql})::int`;
  });
  const rows = await tx.execute<{ counts: number[] }>(
    sql`select array[${sql.join(columns, sql`, `)}] as counts from machines m where ${belongs}`,
  );
  const counts = rows[0]?.counts ?? [];
  return rules.map((_, index) => ({ total: counts[2 * index] ?? 0, healthy: counts[2 * index + 1] ?? 0 }));
}

// Made once: one for each comparison takes longer than the query.
const byNumber = new Intl.Collator('en', { numeric: true });

/** Every group that has machines in its capacity, or a rule of its own. */
export async function listCapacity(mdb: MdbOrTransaction): Promise<CapacityListing[]> {
  const rules = await mdb.select().from(capacityRules);
  const scopes = await scopesOf(mdb);
  const counted = scopes.map(
    (scope) => sql`select ${scope}::text as scope, ${memberOf(scope)} as name, count(*)::int as total,
      count(*) filter (where ${offerableSql})::int as have from members m group by 2`,
  );
  const found = await (mdb as Mdb).transaction(async (tx) => {
    // By its usual costs PostgreSQL looks for each machine's rack through all racks: a second for 10,000 machines in 250.
    await tx.execute(sql`set local random_page_cost = 1.1`);
    return tx.execute<{ scope: string; name: string | null; total: number; have: number }>(
      sql`with members as materialized (select m.* from machines m where ${belongs}) ${sql.join(counted, sql` union all `)}`,
    );
  });
  const rows = found.flatMap((row) => (row.name === null ? [] : [{ ...row, name: row.name }]));
  if (!rows.some(({ scope }) => scope === 'fleet')) rows.unshift({ scope: 'fleet', name: '*', total: 0, have: 0 });
  const known = new Set(rows.map(({ scope, name }) => `${scope}/${name}`));
  const empty = rules
    .filter(({ scope, name }) => name !== '*' && !known.has(`${scope}/${name}`))
    .map(({ scope, name }) => ({ scope, name, total: 0, have: 0 }));
  return [...rows, ...empty]
    .map((group) => {
      const found = ruleFor(rules, group.scope, group.name);
      const rule = found ? { scope: found.scope, name: found.name, min: found.min, unit: found.unit } : null;
      return { ...group, rule, need: rule ? minimum(rule.min, rule.unit, group.total) : 0 };
    })
    .sort(
      (one, other) => scopes.indexOf(one.scope) - scopes.indexOf(other.scope) || byNumber.compare(one.name, other.name),
    );
}

/** What people have set. */
export function listRules(mdb: MdbOrTransaction): Promise<CapacityRule[]> {
  return mdb.select().from(capacityRules);
}

/** Sets a group's minimum; null takes its rule away. */
export async function setCapacity(
  mdb: Mdb,
  operator: Actor,
  { scope, name }: Pick<CapacityRule, 'scope' | 'name'>,
  spec: { readonly min: number; readonly unit: MinimumUnit } | null,
  reason: string,
): Promise<void> {
  await acting(mdb, operator, null, async (tx) => {
    const here = and(eq(capacityRules.scope, scope), eq(capacityRules.name, name));
    const [before] = await tx.select().from(capacityRules).where(here);
    await explain(tx, { reason });
    if (spec === null) await tx.delete(capacityRules).where(here);
    else {
      const set = { ...spec, setBy: operator.name, setAt: sql`now()` };
      await tx
        .insert(capacityRules)
        .values({ scope, name, ...spec, setBy: operator.name })
        .onConflictDoUpdate({ target: [capacityRules.scope, capacityRules.name], set });
    }
    const earlier = before ? { min: before.min, unit: before.unit } : null;
    await record(tx, {
      actor: operator,
      action: 'capacity.set',
      detail: { scope, name, reason, before: earlier, after: spec },
    });
  });
}
