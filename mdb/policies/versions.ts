/** Versions of policies: what each said, who wrote it and why; and bringing one back. */
import { and, desc, eq, type SQL, sql } from 'drizzle-orm';
import type { PolicyKind } from '../../domain/policies.ts';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, explain, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { wakeMatching } from '../permits/semaphores.ts';
import { policyVersions } from '../schema.ts';

export type PolicyVersion = Omit<typeof policyVersions.$inferSelect, 'id'>;

const { id: _, ...columns } = {
  id: policyVersions.id,
  kind: policyVersions.kind,
  subject: policyVersions.subject,
  version: policyVersions.version,
  at: policyVersions.at,
  actor: policyVersions.actor,
  reason: policyVersions.reason,
  approvedBy: policyVersions.approvedBy,
  restores: policyVersions.restores,
  value: policyVersions.value,
};

/** The newest version of each policy that was ever changed. */
export async function listPolicies(mdb: MdbOrTransaction, kind?: PolicyKind): Promise<PolicyVersion[]> {
  const newest = sql`(select max(o.version) from policy_versions o
    where o.kind = ${policyVersions.kind} and o.subject = ${policyVersions.subject})`;
  return mdb
    .select(columns)
    .from(policyVersions)
    .where(and(kind === undefined ? undefined : eq(policyVersions.kind, kind), eq(policyVersions.version, newest)))
    .orderBy(policyVersions.kind, policyVersions.subject);
}

/** All of one policy, newest first. */
export async function listVersions(mdb: MdbOrTransaction, kind: PolicyKind, subject: string): Promise<PolicyVersion[]> {
  return mdb
    .select(columns)
    .from(policyVersions)
    .where(and(eq(policyVersions.kind, kind), eq(policyVersions.subject, subject)))
    .orderBy(desc(policyVersions.version));
}

interface Home {
  readonly table: string;
  readonly keys: readonly string[];
  /** Columns that say who wrote the row, and when. */
  readonly by?: string;
  readonly at?: string;
  readonly reason?: true;
}

const homes: Readonly<Record<PolicyKind, Home>> = {
  site: { table: 'sites', keys: ['id'] },
  profile: { table: 'profiles', keys: ['id'] },
  pool: { table: 'pools', keys: ['id'], at: 'updated_at' },
  semaphore: {
    ...{ table: 'semaphores', keys: ['operation', 'tag', 'value'], by: 'updated_by', at: 'updated_at', reason: true },
  },
  'permit-groups': { table: 'permit_groups', keys: ['operation'], by: 'updated_by', at: 'updated_at', reason: true },
  capacity: { table: 'capacity_rules', keys: ['scope', 'name'], by: 'set_by', at: 'set_at' },
  'circuit-breaker': { table: 'brakes', keys: ['id'] },
  'ticket-route': { table: 'ticket_routes', keys: ['site_id', 'team'] },
  oncall: { table: 'oncall', keys: ['team'], at: 'updated_at' },
  approval: { table: 'approval_policies', keys: ['id'], by: 'set_by', at: 'set_at' },
  provider: { table: 'providers', keys: ['id'] },
};

export interface Restoring {
  readonly kind: PolicyKind;
  readonly subject: string;
  readonly version: number;
  readonly reason: string;
}

/** Writes an earlier version anew, as the newest; what it did not know stays as it is. */
export function restorePolicy(mdb: Mdb, operator: Actor, restoring: Restoring): Promise<PolicyVersion | Refused> {
  const { kind, subject, version, reason } = restoring;
  return acting(mdb, operator, null, async (tx): Promise<PolicyVersion | Refused> => {
    const versions = await listVersions(tx, kind, subject);
    const wanted = versions.find((one) => one.version === version);
    if (!wanted) return { code: 'not-found', message: `there is no version ${version} of ${kind} ${subject}` };
    await explain(tx, { reason, restores: version });
    await (wanted.value === null
      ? remove(tx, homes[kind], versions)
      : write(tx, homes[kind], wanted.value, operator.name, reason));
    const [now] = await listVersions(tx, kind, subject);
    if (!now || now.version === versions[0]?.version)
      return { code: 'conflict', message: `${kind} ${subject} is as version ${version} says already` };
    const [operation = '', tag = '', ...rest] = subject.split('/');
    if (kind === 'semaphore') await wakeMatching(tx, { operation, tag, value: rest.join('/') });
    await record(tx, { actor: operator, action: 'policy.restore', detail: { ...restoring, now: now.version } });
    return now;
  });
}

const named = (columns: readonly string[]): SQL =>
  sql.join(
    columns.map((column) => sql.identifier(column)),
    sql`, `,
  );

async function remove(tx: Transaction, { table, keys }: Home, versions: readonly PolicyVersion[]): Promise<void> {
  const last = versions.find(({ value }) => value !== null)?.value ?? {};
  const same = keys.map((key) => sql`${sql.identifier(key)} = ${String(last[key])}`);
  await tx.execute(sql`delete from ${sql.identifier(table)} where ${sql.join(same, sql` and `)}`);
}

async function write(
  tx: Transaction,
  { table, keys, by, at, reason: explained }: Home,
  value: Readonly<Record<string, unknown>>,
  actor: string,
  reason: string,
): Promise<void> {
  const stamps: Record<string, unknown> = {
    ...(by !== undefined && { [by]: actor }),
    ...(explained && { reason }),
    ...(at !== undefined && { [at]: new Date().toISOString() }),
  };
  const known = await tx.execute<{ name: string }>(sql`
    select attname as name from pg_attribute where attrelid = ${`public.${table}`}::regclass and attnum > 0 and not attisdropped`);
  const given = { ...value, ...stamps };
  const kept = known.map(({ name }) => name).filter((name) => name in given);
  const changed = kept.filter((name) => !keys.includes(name));
  const into = sql.identifier(table);
  const set = changed.map((name) => sql`${sql.identifier(name)} = excluded.${sql.identifier(name)}`);
  await tx.execute(sql`
    insert into ${into} (${named(kept)})
    select ${named(kept)} from jsonb_populate_record(null::${into}, ${JSON.stringify(given)}::jsonb)
    on conflict (${named(keys)}) do update set ${sql.join(set, sql`, `)}`);
}
