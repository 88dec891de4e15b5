/** Queries of the hardware workers: controllers, and the intents of acts on hardware. */
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { IntentState } from '../../domain/machine.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { bmcs, fences, intents, machines, networks, nics, orders, profiles, sites } from '../schema.ts';

/** Where controllers of a site may be: what its policy names, and its announced networks of the kind `bmc`. */
const bmcNetworksOfSite = sql<string[]>`(${sites}.policy -> 'bmcNetworks') || coalesce(
  (select jsonb_agg(n.cidr) from ${networks} n where n.site_id = ${sites}.id and n.kind = 'bmc'), '[]'::jsonb)`;

/** The same of one site; none for a site that is not there. */
export async function bmcNetworksOf(mdb: MdbOrTransaction, siteId: string): Promise<string[]> {
  const [site] = await mdb.select({ found: bmcNetworksOfSite }).from(sites).where(eq(sites.id, siteId));
  return site?.found ?? [];
}

/** A machine with its controller, as far as acting on it needs. */
export async function controllerOf(mdb: Mdb, machineId: string) {
  const [row] = await mdb
    .select({
      machineId: machines.id,
      mac: machines.mac,
      // What another machine has too tells neither: two nodes of one case may share both.
      uuid: unlessShared<string | null>(machines.systemUuid, sql`t.system_uuid = ${machines.systemUuid}`),
      serial: unlessShared<string | null>(
        machines.serial,
        sql`t.serial = ${machines.serial} and t.vendor is not distinct from ${machines.vendor}`,
      ),
      boardSerial: machines.boardSerial,
      sku: machines.sku,
      firmware: machines.firmware,
      origin: bmcs.origin,
      bmcMac: bmcs.mac,
      identityAnswer: bmcs.identityAnswer,
      secretRef: bmcs.secretRef,
      pin: bmcs.pin,
      quarantine: bmcs.quarantine,
      quarantineFor: bmcs.quarantineFor,
      probe: bmcs.probe,
      credentialSalt: sites.credentialSalt,
      siteId: machines.siteId,
      bmcNetworks: bmcNetworksOfSite,
      bmcRequests: sql<number | null>`(${sites.policy} ->> 'bmcRequests')::int`,
      bios: profiles.bios,
    })
    .from(machines)
    .innerJoin(bmcs, eq(bmcs.machineId, machines.id))
    .innerJoin(sites, eq(sites.id, machines.siteId))
    .leftJoin(profiles, eq(profiles.id, machines.profileId))
    .where(eq(machines.id, machineId));
  if (!row) return null;
  const macs = await mdb.select({ mac: nics.mac }).from(nics).where(eq(nics.machineId, machineId));
  return { ...row, macs: [row.mac, ...macs.map((nic) => nic.mac)] };
}

function unlessShared<T>(column: PgColumn, same: SQL): SQL<T> {
  return sql`case when not exists (
    select from machines t where t.id <> ${machines.id} and t.stage <> 'retired' and t.resembles is null and ${same}
  ) then ${column} end`;
}

export type ControllerRow = NonNullable<Awaited<ReturnType<typeof controllerOf>>>;

/** Keeps the pin of the first supervised contact: one that is there is never written over. Gives the one in force. */
export async function pinController(mdb: Mdb, machineId: string, pin: string): Promise<string | null> {
  await mdb
    .update(bmcs)
    .set({ pin })
    .where(and(eq(bmcs.machineId, machineId), isNull(bmcs.pin)));
  const [row] = await mdb.select({ pin: bmcs.pin }).from(bmcs).where(eq(bmcs.machineId, machineId));
  return row?.pin ?? null;
}

/** What the controller shows of itself. */
export async function noteController(
  mdb: Mdb,
  machineId: string,
  facts: { vendor: string | null; firmwareVersion: string | null },
): Promise<void> {
  await mdb.update(bmcs).set(facts).where(eq(bmcs.machineId, machineId));
}

/** Shuts a controller out until a person has looked: another certificate or another machine is there. */
export async function quarantineController(
  mdb: Mdb,
  machineId: string,
  quarantineFor: 'certificate' | 'identity',
  why: string,
): Promise<void> {
  await mdb.update(bmcs).set({ quarantine: why, quarantineFor }).where(eq(bmcs.machineId, machineId));
}

export interface IntentRow {
  readonly id: string;
  readonly machineId: string;
  readonly orderId: string;
  readonly kind: string;
  readonly command: Readonly<Record<string, unknown>>;
  readonly fence: number;
  readonly before: Readonly<Record<string, unknown>>;
  /** As the passage gave them, by which a later run of it finds this act again. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly step?: string | undefined;
  /** Run of the order's passage; absent where nothing says. */
  readonly epoch?: number | undefined;
}

/**
 * Writes the intent, if the fence is still the machine's latest and the order still goes on in that run: check and write
 * are one statement, so a holder whose permit went to somebody else can't slip in between. `stale` when it isn't, `exists` when the intent was written
 * before, `flashing` while the machine's firmware is being updated, which nothing else may come across (quirk 60).
 */
export async function writeIntent(mdb: Mdb, row: IntentRow): Promise<'written' | 'stale' | 'exists' | 'flashing'> {
  const written = await mdb.execute(sql`
    insert into ${intents} (id, machine_id, order_id, kind, command, fence, before, parameters, step)
    select ${row.id}, ${row.machineId}, ${row.orderId}, ${row.kind}, ${JSON.stringify(row.command)}::jsonb, ${row.fence},
           ${JSON.stringify(row.before)}::jsonb, ${row.parameters ? JSON.stringify(row.parameters) : null}::jsonb,
           ${row.step ?? null}
    from ${fences} where machine_id = ${row.machineId} and fence = ${row.fence} and not exists (${flashing(row)})
      and not exists (${over(row)})
    on conflict (id) do nothing`);
  if (written.count === 1) return 'written';
  if (await intentOf(mdb, row.id)) return 'exists';
  return (await mdb.execute(flashing(row))).count ? 'flashing' : 'stale';
}

/** The order has ended, or goes on in another run of its passage. */
function over({ orderId, epoch }: IntentRow) {
  if (epoch === undefined) return sql`select 1 where false`;
  return sql`
    select 1 from ${orders} where id = ${orderId} and (epoch <> ${epoch} or state not in ('waiting', 'running'))`;
}

/** Updates under way that don't wait for a restart; one that nobody followed to its end is over after a while. */
function flashing({ id, machineId }: IntentRow) {
  return sql`
    select 1 from ${intents} where machine_id = ${machineId} and id <> ${id} and state = 'sent'
      and kind in ('update-firmware', 'start-firmware') and sent_at > now() - interval '3 hours'
      and (answer ->> 'waitsFor') is null`;
}

export async function intentOf(mdb: Mdb, id: string) {
  const [intent] = await mdb.select().from(intents).where(eq(intents.id, id));
  return intent ?? null;
}

/** Marks the intent as sent; false when somebody else did, who then is the one that sends. */
export async function markSent(mdb: Mdb, id: string): Promise<boolean> {
  const marked = await mdb
    .update(intents)
    .set({ state: 'sent', sentAt: sql`now()` })
    .where(and(eq(intents.id, id), eq(intents.state, 'written')))
    .returning({ id: intents.id });
  return marked.length === 1;
}

/** Adds to what is known of the controller's answer to the command: what a worker needs that takes over observing. */
export async function noteAnswer(mdb: Mdb, id: string, answer: Readonly<Record<string, unknown>>): Promise<void> {
  const added = sql`coalesce(${intents.answer}, '{}'::jsonb) || ${JSON.stringify(answer)}::jsonb`;
  await mdb.update(intents).set({ answer: added }).where(eq(intents.id, id));
}

/** Settles an intent once: a final state stays. */
export async function settleIntent(
  mdb: Mdb,
  id: string,
  state: IntentState,
  observed: Readonly<Record<string, unknown>>,
): Promise<void> {
  await mdb
    .update(intents)
    .set({ state, observed, settledAt: sql`now()` })
    .where(and(eq(intents.id, id), inArray(intents.state, ['written', 'sent', 'unknown'])));
}
