/** What the MDB has under way that needs a workflow: one side of the comparison of workers/compare. Reads, but for words. */
import { type SQL, sql } from 'drizzle-orm';
import type { OrderMessage } from '../../contract/machine.ts';
import type { OrderState, Passage } from '../../domain/machine.ts';
import { parseSelector } from '../../domain/selector.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { selectorSql } from '../machines/selecting.ts';

async function rowsOf<Row>(mdb: MdbOrTransaction, query: SQL): Promise<Row[]> {
  return (await mdb.execute(query)) as Row[];
}

/** A condition on `machines m`; throws a sentence for a selector that can't be read. */
function meant(selector: string | null): SQL {
  if (selector === null) return sql`true`;
  const parsed = parseSelector(selector);
  if (typeof parsed === 'string') throw new Error(parsed);
  return selectorSql(parsed);
}

export interface MachineToFind {
  readonly id: string;
  readonly siteId: string;
}

/** Page of machines that ever had an order, behind `after`, by id; `busy`: of those only with an open one, or none. */
export function machinesToFind(
  mdb: MdbOrTransaction,
  page: { readonly after: string; readonly limit: number; readonly busy: boolean; readonly selector: string | null },
): Promise<MachineToFind[]> {
  const open = sql`exists (select from orders o where o.machine_id = m.id and o.state in ('waiting', 'running'))`;
  return rowsOf(
    mdb,
    sql`select m.id, m.site_id as "siteId" from machines m
      where m.id > ${page.after} and ${meant(page.selector)} and ${page.busy ? open : sql`not ${open}`}
        and exists (select from orders o where o.machine_id = m.id)
      order by m.id limit ${page.limit}`,
  );
}

export interface OrderToFind {
  readonly id: string;
  readonly machineId: string;
  readonly passage: Passage;
  readonly state: OrderState;
  readonly class: NonNullable<OrderMessage['class']>;
  readonly notBefore: string | null;
  readonly deadline: string | null;
}

const columns = sql`o.id, o.machine_id as "machineId", o.passage, o.state, o.class,
  to_char(o.not_before at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "notBefore",
  to_char(o.deadline at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as deadline`;

/** Orders that run for half a minute at least: each of them had a passage. */
export function runningOrders(mdb: MdbOrTransaction, selector: string | null): Promise<OrderToFind[]> {
  return rowsOf(
    mdb,
    sql`select ${columns} from orders o join machines m on m.id = o.machine_id
      where o.state = 'running' and o.started_at < now() - interval '30 seconds' and ${meant(selector)} order by o.id`,
  );
}

/** Orders of which nothing says why they still wait: due, told, not paused, and nothing runs or ran just now there. */
export function idleOrders(mdb: MdbOrTransaction, selector: string | null, minutes = 2): Promise<OrderToFind[]> {
  const long = sql`now() - ${minutes} * interval '1 minute'`;
  return rowsOf(
    mdb,
    sql`select distinct on (m.id) ${columns} from orders o join machines m on m.id = o.machine_id
      where o.state = 'waiting' and o.paused_by is null and not m.paused and ${meant(selector)}
        and (o.deadline < ${long} or greatest(o.created_at, o.not_before) < ${long})
        and not exists (select from orders r where r.machine_id = m.id and r.state = 'running')
        and not exists (select from orders r where r.machine_id = m.id and r.ended_at > ${long})
        and not exists (select from outbox b where b.order_id = o.id and b.kind = 'order' and b.delivered_at is null)
      order by m.id, o.created_at, o.id`,
  );
}

/** How these orders stand; one that is missing is not in the MDB. */
export async function standOf(
  mdb: MdbOrTransaction,
  ids: readonly string[],
): Promise<Map<string, { state: OrderState; endedAt: Date | null }>> {
  if (ids.length === 0) return new Map();
  const rows = await rowsOf<{ id: string; state: OrderState; ended: string | null }>(
    mdb,
    sql`select o.id, o.state, o.ended_at::text as ended from orders o
      join jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) as wanted(id) on wanted.id = o.id`,
  );
  return new Map(rows.map(({ id, state, ended }) => [id, { state, endedAt: ended === null ? null : new Date(ended) }]));
}

/** Semaphores that somebody holds or waits for a permit of. */
export async function openSemaphores(mdb: MdbOrTransaction): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    mdb,
    sql`select distinct semaphore as id from permits where state <> 'closed' order by 1`,
  );
  return rows.map(({ id }) => id);
}

export interface LeftPermit {
  readonly id: string;
  readonly semaphore: string;
  readonly workflowId: string;
  readonly orderId: string;
}

/** Permits that are granted for an order which ended some minutes ago. */
export function leftPermits(mdb: MdbOrTransaction): Promise<LeftPermit[]> {
  return rowsOf(
    mdb,
    sql`select p.id, p.semaphore, p.workflow_id as "workflowId", p.order_id as "orderId" from permits p
      join orders o on o.id = p.order_id
      where p.state = 'granted' and p.workflow_id is not null and p.overdue is null
        and o.ended_at < now() - interval '1 minute' order by p.id`,
  );
}

/** Campaigns that were started and are not over. */
export async function openCampaigns(mdb: MdbOrTransaction): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    mdb,
    sql`select id from campaigns where state in ('running', 'paused', 'cancelling') order by id`,
  );
  return rows.map(({ id }) => id);
}

/** Sites that have machines. */
export async function busySites(mdb: MdbOrTransaction): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    mdb,
    sql`select id from sites s where exists (select from machines m where m.site_id = s.id) order by id`,
  );
  return rows.map(({ id }) => id);
}

const undelivered = sql`kind = 'permit' and payload ->> 'signal' in ('evict', 'release') and dropped is null
  and delivered_at < now() - interval '1 minute' and exists (
    select from permits p where p.id = outbox.payload -> 'body' ->> 'id' and p.state <> 'closed'
      and p.requested_at < outbox.created_at)`;

/** Permits of which somebody said that they end, which was sent to a semaphore that was lost before it wrote it down. */
export async function undeliveredMessages(mdb: Mdb, sendAgain: boolean): Promise<string[]> {
  const query = sendAgain
    ? sql`update outbox set delivered_at = null, next_at = now() where ${undelivered} returning payload -> 'body' ->> 'id' as id`
    : sql`select payload -> 'body' ->> 'id' as id from outbox where ${undelivered}`;
  return (await rowsOf<{ id: string }>(mdb, query)).map(({ id }) => id);
}
