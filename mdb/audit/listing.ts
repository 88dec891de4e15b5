/** Who did what, newest first. */
import { type SQL, sql } from 'drizzle-orm';
import type { ActorClass } from '../../domain/machine.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { inPools } from '../machines/listing.ts';
import { iso, type Row, rowsOf } from '../rows.ts';

export interface AuditWanted {
  readonly machineId?: string | undefined;
  /** Only of machines of these; null or absent: of all, and of what is no machine's. */
  readonly pools?: readonly string[] | null | undefined;
  readonly orderId?: string | undefined;
  readonly actor?: string | undefined;
  /** The whole action, or its beginning and a `*`. */
  readonly action?: string | undefined;
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
  /** Rows before this one only: the last of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface ListedAudit {
  readonly id: number;
  /** ISO 8601. */
  readonly at: string;
  readonly actorClass: ActorClass;
  readonly actor: string;
  readonly action: string;
  readonly machineId: string | null;
  readonly orderId: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

export async function listAudit(mdb: MdbOrTransaction, wanted: AuditWanted): Promise<ListedAudit[]> {
  const { before, limit } = wanted;
  const rows = await rowsOf<ListedAudit & Row>(
    mdb,
    sql`select id, at, actor_class as "actorClass", actor, action, machine_id as "machineId", order_id as "orderId",
        detail, hash from audit
      where ${matching(wanted)} and id < ${before ?? Number.MAX_SAFE_INTEGER} order by id desc limit ${limit}`,
  );
  return rows.map((row) => ({ ...row, at: iso(row.at) }));
}

function matching({ machineId, pools, orderId, actor, action, from, until }: AuditWanted): SQL {
  const parts = [sql`true`];
  if (machineId !== undefined) parts.push(sql`machine_id = ${machineId}`);
  if (pools) parts.push(sql`machine_id in (select m.id from machines m where ${inPools(pools)})`);
  if (orderId !== undefined) parts.push(sql`order_id = ${orderId}`);
  if (actor !== undefined) parts.push(sql`actor = ${actor}`);
  if (action?.endsWith('*')) parts.push(sql`starts_with(action, ${action.slice(0, -1)})`);
  else if (action !== undefined) parts.push(sql`action = ${action}`);
  if (from !== undefined) parts.push(sql`at >= ${from.toISOString()}::timestamptz`);
  if (until !== undefined) parts.push(sql`at < ${until.toISOString()}::timestamptz`);
  return sql.join(parts, sql` and `);
}

/** How many rows there are of those that are wanted. The numbers of the chain have no gaps, so the last one counts all. */
export async function countAudit(
  mdb: MdbOrTransaction,
  wanted: Omit<AuditWanted, 'before' | 'limit'>,
): Promise<number> {
  const filtered = Object.values(wanted).some((value) => value !== undefined && value !== null);
  const count = filtered
    ? sql`select count(*)::integer as count from audit where ${matching({ ...wanted, limit: 0 })}`
    : sql`select coalesce(max(id), 0)::integer as count from audit`;
  const rows = await mdb.execute<{ count: number }>(count);
  return rows[0]?.count ?? 0;
}
