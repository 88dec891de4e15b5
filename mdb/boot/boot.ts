import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { serialKey, uuidForms } from '../../domain/identity/identity.ts';
import type { BootState } from '../../domain/machine.ts';
import type { SitePolicy } from '../../domain/places/site.ts';
import { acting, record } from '../acting.ts';
import type { Mdb, Pool } from '../connect.ts';

const birther = { class: 'system', name: 'birther' } as const;

/** How a request was matched to a machine: by a MAC of it, or only by its UUID and serial number together. */
export type MatchedBy = 'mac' | 'identity';

/** What the decision about a boot request needs of a machine. */
export interface BootFacts {
  readonly id: string;
  readonly matchedBy: MatchedBy;
  readonly bootState: BootState;
  readonly held: string | null;
  /** Bootstrap images served since the intent that asked for one. */
  readonly bootstraps: number;
  readonly temporaryAddress: string | null;
  /** Permanent address. */
  readonly address: string | null;
  readonly systemUuid: string | null;
  readonly serial: string | null;
  /** The order that runs, else the birth that waits. */
  readonly orderId: string | null;
  /** The machine that it looks like, until a person has said whether it is another one. */
  readonly resembles?: string | null;
}

export interface BootRead {
  readonly policy: SitePolicy;
  readonly machine: BootFacts | null;
  /** The only machine that shows this UUID and serial number; null where there is none, or where several do. */
  readonly namesake: string | null;
}

export interface BootKey {
  /** Normalised, see `normaliseMac`. */
  readonly mac: string;
  /** Normalised, see `normaliseUuid`; null when the machine showed none worth reading. */
  readonly uuid: string | null;
  readonly serial: string | null;
}

// Plain SQL: the hot path builds no query text.
const factsQuery = `
  select s.policy, m.id, m.matched_by, m.boot_state, m.held, m.bootstraps, host(m.temporary_address) as temporary,
    host(m.address) as address, m.system_uuid, m.serial, m.resembles, t.ids, coalesce(
      (select o.id from orders o where o.machine_id = m.id and o.state = 'running'),
      (select o.id from orders o where o.machine_id = m.id and o.passage = 'birth' and o.state in ('waiting', 'running'))
    ) as order_id
  from sites s left join lateral (
    select array_agg(c.id) as ids from machines c where c.system_uuid in ($3::uuid, $5::uuid)
      and regexp_replace(lower(c.serial), '[^a-z0-9]', '', 'g') = $4::text
      and c.resembles is null and c.stage <> 'retired'
  ) t on true left join lateral (
    (select 1 as rank, 'mac' as matched_by, b.* from nics n join machines b on b.id = n.machine_id where n.mac = $2::macaddr)
    union all
    (select 2, 'mac', a.* from machines a where a.mac = $2::macaddr and a.mac_moved_to is null)
    union all
    (select 3, 'identity', c.* from machines c where cardinality(t.ids) = 1 and c.id = t.ids[1])
    order by rank limit 1
  ) m on true
  where s.id = $1`;

interface FactsRow {
  policy: SitePolicy;
  id: string | null;
  matched_by: MatchedBy;
  boot_state: BootState;
  held: string | null;
  bootstraps: number;
  temporary: string | null;
  address: string | null;
  system_uuid: string | null;
  serial: string | null;
  resembles: string | null;
  ids: string[] | null;
  order_id: string | null;
}

/** Everything that the answer to one boot request depends on, in one indexed read. Throws for an unknown site. */
export async function readBootFacts(pool: Pool, siteId: string, key: BootKey): Promise<BootRead> {
  const swapped = key.uuid === null ? null : uuidForms(key.uuid)[1];
  const values = [siteId, key.mac, key.uuid, key.serial === null ? null : serialKey(key.serial), swapped];
  const [row] = await pool.query<FactsRow>(factsQuery, values);
  if (!row) throw new Error(`site ${siteId} is not in the MDB`);
  const namesake = row.ids?.length === 1 ? (row.ids[0] ?? null) : null;
  if (row.id === null) return { policy: row.policy, machine: null, namesake };
  const machine: BootFacts = {
    id: row.id,
    matchedBy: row.matched_by,
    bootState: row.boot_state,
    held: row.held,
    bootstraps: row.bootstraps,
    temporaryAddress: row.temporary,
    address: row.address,
    systemUuid: row.system_uuid,
    serial: row.serial,
    orderId: row.order_id,
    resembles: row.resembles,
  };
  return { policy: row.policy, machine, namesake };
}

/** The same of the machine that has this identity, whatever card asks. */
export async function readNamesake(pool: Pool, siteId: string, key: BootKey): Promise<BootFacts | null> {
  // A MAC that no card has, so that only the identity speaks.
  const { machine } = await readBootFacts(pool, siteId, { ...key, mac: '00:00:00:00:00:00' });
  return machine;
}

export interface ServedBootstrap {
  readonly machineId: string;
  /** The state that was decided on: a machine that has left it meanwhile gets no token. */
  readonly bootState: BootState;
  readonly orderId: string | null;
  readonly limit: number;
}

const tokenMinutes = 15;

const serveQuery = `
  with counted as (
    update machines set bootstraps = bootstraps + 1 where id = $1 and boot_state = $2 and bootstraps < $3 returning id
  )
  insert into boot_tokens (hash, machine_id, use, nonce, order_id, expires_at)
  select $4, id, 'bootstrap', $5, $6, now() + make_interval(mins => ${tokenMinutes}) from counted`;

/**
 * Counts a bootstrap image as served and issues the token that goes with it: 43 characters, used once, 15 minutes;
 * the MDB keeps its hash. Null when the machine has reached its limit or left the state meanwhile.
 */
export async function issueBootToken(pool: Pool, served: ServedBootstrap): Promise<string | null> {
  const token = randomBytes(32).toString('base64url');
  const hash = createHash('sha256').update(token).digest('hex');
  const nonce = randomBytes(16).toString('hex');
  const values = [served.machineId, served.bootState, served.limit, hash, nonce, served.orderId];
  const { count } = await pool.query(serveQuery, values);
  return count === 1 ? token : null;
}

export interface BootTrouble {
  readonly machineId: string;
  readonly orderId: string | null;
  /** One sentence for a person. */
  readonly reason: string;
}

/**
 * Holds a machine that was served too many bootstrap images, and tells its passage: once for each time, however often
 * it asks again. The key is that of the last token served, and a machine that is held is served none.
 */
export function reportBootLoop(mdb: Mdb, trouble: BootTrouble): Promise<boolean> {
  return report(mdb, trouble, 'boot.quarantine', async (tx) => {
    const rows = await tx.execute<{ nonce: string }>(
      sql`select nonce from boot_tokens where machine_id = ${trouble.machineId} order by issued_at desc limit 1`,
    );
    return rows[0]?.nonce ?? `none-${trouble.machineId}`;
  });
}

type Execute = Pick<Mdb, 'execute'>;

function report(
  mdb: Mdb,
  trouble: BootTrouble,
  action: string,
  nonceOf: (tx: Execute) => Promise<string>,
): Promise<boolean> {
  const { machineId, orderId, reason } = trouble;
  return acting(mdb, birther, orderId, async (tx) => {
    const nonce = await nonceOf(tx);
    const id = `report/${nonce}/failed/boot/0`;
    const payload = JSON.stringify({ id, kind: 'failed', nonce, step: 'boot', message: reason });
    // Without a live order nobody waits for the report: the row is only what makes this happen once.
    const { count } = await tx.execute(sql`
      insert into outbox (key, machine_id, order_id, kind, payload, delivered_at, dropped)
      values (${id}, ${machineId}, ${orderId}, 'report', ${payload}::jsonb,
        case when ${orderId}::text is null then now() end,
        case when ${orderId}::text is null then 'the machine has no live order' end)
      on conflict (key) do nothing`);
    if (count === 0) return false;
    await tx.execute(sql`update machines set held = ${reason} where id = ${machineId}`);
    await record(tx, { actor: birther, action, machineId, orderId, detail: { reason } });
    return true;
  });
}

/** MACs of a site's healthy machines, first those heard from last; what boots locally while the MDB is away. */
export async function healthyMacs(pool: Pool, siteId: string, limit: number): Promise<string[]> {
  const rows = await pool.query<{ mac: string }>(
    `select mac::text as mac from (
       select mac, last_seen_at from machines where site_id = $1 and boot_state = 'healthy'
       union
       select n.mac, m.last_seen_at from nics n join machines m on m.id = n.machine_id
       where m.site_id = $1 and m.boot_state = 'healthy'
     ) macs order by last_seen_at desc nulls last limit $2`,
    [siteId, limit],
  );
  return rows.map(({ mac }) => mac);
}
