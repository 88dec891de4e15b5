/**
 * The guard in front of production: how many machines of each group must stay, counted in the transaction that lets
 * one go. Everything that takes a machine out of production goes through `leaveProduction`.
 */
import { and, eq, inArray, or, sql } from 'drizzle-orm';
import { type Actor, acting, record, type Transaction } from './acting.ts';
import { holdByBrake } from './brake.ts';
import type { Mdb, MdbOrTransaction } from './connect.ts';
import { type CapacityScope, capacityScopes, isOfferable, type MinimumUnit, type OpState } from './machine.ts';
import { capacityRules, machines, racks } from './schema.ts';

export type CapacityRule = Pick<typeof capacityRules.$inferSelect, 'scope' | 'name' | 'least' | 'unit'>;

/** A group of the machine's, with what it has and what it must keep. */
export interface Shortage {
  readonly scope: CapacityScope;
  readonly name: string;
  readonly have: number;
  readonly need: number;
}

export type Departure =
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

// Departures queue for this until they commit: whoever counts sees all that left before. It is taken after the
// machine's own row, and nothing that holds it waits for another machine, so it can't deadlock.
const departures = sql`select pg_advisory_xact_lock(719208)`;

/**
 * Moves a machine out of production, unless that would leave one of its groups with less than its minimum, or the storm
 * brake is engaged. A machine that is out of production already has left, and stays where it is.
 */
export async function leaveProduction(tx: Transaction, { machineId, to, dryRun }: Leaving): Promise<Departure> {
  const [machine] = await tx.select().from(machines).where(eq(machines.id, machineId)).for('update');
  if (!machine) throw new Error(`the MDB has no machine ${machineId}`);
  if (machine.opState !== 'production') return { left: true };
  await tx.execute(departures);
  const groups = await groupsOf(tx, machineId);
  const braked = await holdByBrake(tx, machineId, groups, dryRun);
  if (braked !== null) return { left: false, held: braked, shortage: null };
  // One that counts for nothing costs nothing: a machine that is sick already may always be taken out.
  const shortage = isOfferable(machine) ? await findShortage(tx, groups) : null;
  if (shortage !== null) return { left: false, held: tellShortage(shortage), shortage };
  if (!dryRun) await tx.update(machines).set({ opState: to }).where(eq(machines.id, machineId));
  return { left: true };
}

function tellShortage({ scope, name, have, need }: Shortage): string {
  const group = scope === 'fleet' ? 'the fleet' : `${scope} ${name}`;
  return `${group} has ${have} machines in service and must keep ${need}`;
}

/** Names of the machine's groups; a machine without a rack has no feed either. */
export type Groups = Readonly<Partial<Record<CapacityScope, string>>>;

async function groupsOf(tx: Transaction, machineId: string): Promise<Groups> {
  const [row] = await tx
    .select({ pool: machines.pool, rack: machines.rackId, feed: racks.feed })
    .from(machines)
    .leftJoin(racks, eq(racks.id, machines.rackId))
    .where(eq(machines.id, machineId));
  const { pool, rack, feed } = row ?? {};
  return { fleet: '*', ...(pool && { pool }), ...(rack && { rack }), ...(feed && { feed }) };
}

/** The first group, widest first, that would fall below its minimum if it lost one machine. */
async function findShortage(tx: Transaction, groups: Groups): Promise<Shortage | null> {
  const rules = await rulesFor(tx, groups);
  if (rules.length === 0) return null;
  const counts = await countGroups(tx, groups);
  for (const { scope, least, unit } of rules) {
    const { total, healthy } = counts[scope];
    const need = minimum(least, unit, total);
    if (healthy - 1 < need) return { scope, name: groups[scope] ?? '*', have: healthy, need };
  }
  return null;
}

/** Machines that a group must keep: a share is rounded up, so that 90 % of four is four. */
export function minimum(least: number, unit: MinimumUnit, total: number): number {
  return unit === 'count' ? least : Math.ceil((total * least) / 100);
}

/** A group's own rule, or that of all groups of its kind. */
async function rulesFor(tx: Transaction, groups: Groups): Promise<CapacityRule[]> {
  const scopes = capacityScopes.filter((scope) => groups[scope] !== undefined);
  const rows = await tx
    .select()
    .from(capacityRules)
    .where(
      or(
        ...scopes.map((scope) =>
          and(eq(capacityRules.scope, scope), inArray(capacityRules.name, ['*', groups[scope] ?? '*'])),
        ),
      ),
    );
  return scopes.flatMap((scope) => {
    const own = rows.filter((row) => row.scope === scope);
    const rule = own.find(({ name }) => name !== '*') ?? own[0];
    return rule ? [rule] : [];
  });
}

// Who belongs to a group's capacity: whoever was in service once and has not left the fleet. A machine on its first
// way there is no loss.
const belongs = sql`m.stage <> 'retired' and (m.in_service_at is not null or exists (
  select from state_history h where h.machine_id = m.id and h.guarded = 'op_state' and h."to" = 'production'))`;
const healthy = sql`m.stage = 'in_service' and m.op_state = 'production' and m.repair_state = 'none'`;

interface Counted {
  readonly total: number;
  readonly healthy: number;
}

async function countGroups(tx: Transaction, groups: Groups): Promise<Record<CapacityScope, Counted>> {
  const inside = {
    fleet: sql`true`,
    feed: sql`r.feed = ${groups.feed ?? null}`,
    rack: sql`m.rack_id = ${groups.rack ?? null}`,
    pool: sql`m.pool = ${groups.pool ?? null}`,
  } satisfies Record<CapacityScope, unknown>;
  const columns = capacityScopes.map(
    (scope) => sql`count(*) filter (where ${inside[scope]})::int as ${sql.identifier(`${scope}_total`)},
      count(*) filter (where ${inside[scope]} and ${healthy})::int as ${sql.identifier(`${scope}_healthy`)}`,
  );
  const { rows } = await tx.execute<Record<string, number>>(
    sql`select ${sql.join(columns, sql`, `)} from machines m left join racks r on r.id = m.rack_id where ${belongs}`,
  );
  const [row = {}] = rows;
  const of = (scope: CapacityScope) => ({ total: row[`${scope}_total`] ?? 0, healthy: row[`${scope}_healthy`] ?? 0 });
  return { fleet: of('fleet'), feed: of('feed'), rack: of('rack'), pool: of('pool') };
}

export interface CapacityListing extends Shortage {
  readonly total: number;
  /** Null: nobody set a minimum. */
  readonly rule: CapacityRule | null;
}

/** Every group that has machines in its capacity, or a rule of its own. */
export async function listCapacity(mdb: MdbOrTransaction): Promise<CapacityListing[]> {
  const rules = await mdb.select().from(capacityRules);
  const { rows } = await mdb.execute<{ scope: CapacityScope; name: string; total: number; have: number }>(sql`
    with counted as (select m.pool, m.rack_id, r.feed, ${healthy} as healthy
      from machines m left join racks r on r.id = m.rack_id where ${belongs})
    select 'fleet' as scope, '*' as name, count(*)::int as total, count(*) filter (where healthy)::int as have from counted
    union all select 'feed', feed, count(*)::int, count(*) filter (where healthy)::int from counted where feed is not null group by feed
    union all select 'rack', rack_id, count(*)::int, count(*) filter (where healthy)::int from counted where rack_id is not null group by rack_id
    union all select 'pool', pool, count(*)::int, count(*) filter (where healthy)::int from counted group by pool`);
  const known = new Set(rows.map(({ scope, name }) => `${scope}/${name}`));
  const empty = rules
    .filter(({ scope, name }) => name !== '*' && !known.has(`${scope}/${name}`))
    .map(({ scope, name }) => ({ scope, name, total: 0, have: 0 }));
  return [...rows, ...empty]
    .map((group) => {
      const of = (name: string) => rules.find((rule) => rule.scope === group.scope && rule.name === name);
      const found = of(group.name) ?? of('*');
      const rule = found ? { scope: found.scope, name: found.name, least: found.least, unit: found.unit } : null;
      return { ...group, rule, need: rule ? minimum(rule.least, rule.unit, group.total) : 0 };
    })
    .sort(
      (one, other) =>
        capacityScopes.indexOf(one.scope) - capacityScopes.indexOf(other.scope) ||
        one.name.localeCompare(other.name, 'en', { numeric: true }),
    );
}

/** Sets a group's minimum; null takes its rule away. */
export async function setCapacity(
  mdb: Mdb,
  operator: Actor,
  { scope, name }: Pick<CapacityRule, 'scope' | 'name'>,
  wish: { readonly least: number; readonly unit: MinimumUnit } | null,
  reason: string,
): Promise<void> {
  await acting(mdb, operator, null, async (tx) => {
    const here = and(eq(capacityRules.scope, scope), eq(capacityRules.name, name));
    const [before] = await tx.select().from(capacityRules).where(here);
    if (wish === null) await tx.delete(capacityRules).where(here);
    else {
      const set = { ...wish, setBy: operator.name, setAt: sql`now()` };
      await tx
        .insert(capacityRules)
        .values({ scope, name, ...wish, setBy: operator.name })
        .onConflictDoUpdate({ target: [capacityRules.scope, capacityRules.name], set });
    }
    const earlier = before ? { least: before.least, unit: before.unit } : null;
    await record(tx, {
      actor: operator,
      action: 'capacity.set',
      detail: { scope, name, reason, before: earlier, after: wish },
    });
  });
}
