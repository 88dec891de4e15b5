/** Adoptions: asked for, looked at, and settled in the MDB. */
import { createHash, randomUUID } from 'node:crypto';
import { and, eq, inArray, isNotNull, lt, or, sql } from 'drizzle-orm';
import {
  type AdoptedMachine,
  type AdoptionRequest,
  type AdoptionSeen,
  describeAdoption,
  judgeAdoption,
} from '../../domain/adoption.ts';
import { uuidForms } from '../../domain/identity/identity.ts';
import { isRefused, type Refused } from '../../domain/refused.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { bmcNetworksOf } from '../controllers/controller.ts';
import type { SignInState } from '../controllers/signins.ts';
import { lock } from '../locks.ts';
import { findPlace } from '../machines/announcing.ts';
import { placeOrderIn } from '../orders/orders.ts';
import { postAdoption } from '../outbox.ts';
import { adoptions, bmcs, expectedBmcs, machines, nics, signIns, sites } from '../schema.ts';
import { isDuplicate } from '../trouble.ts';
import { freeId, ownerOf } from './unknown.ts';

export type Adoption = typeof adoptions.$inferSelect;

export interface AdoptionSpec {
  readonly id?: string | undefined;
  readonly siteId: string;
  readonly origin: string;
  readonly secretRef: string;
  readonly request: AdoptionRequest;
  readonly dryRun: boolean;
  readonly reviewed: string | null;
  readonly reason: string;
}

/** Minutes after which one that never ended stands in nobody's way. */
const staleMinutes = 30;

/** Asks for an adoption. The same id again is the same one. */
export async function askAdoption(mdb: Mdb, operator: Actor, spec: AdoptionSpec): Promise<{ id: string } | Refused> {
  try {
    return await acting(mdb, operator, null, (tx) => ask(tx, operator, spec));
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return { code: 'conflict', message: `the controller ${spec.origin} is being adopted already`, field: 'bmc' };
  }
}

async function ask(tx: Transaction, operator: Actor, spec: AdoptionSpec): Promise<{ id: string } | Refused> {
  const { siteId, origin, secretRef, request, dryRun, reviewed, reason } = spec;
  const id = spec.id ?? `adopt-${randomUUID().slice(0, 8)}`;
  const known = await adoptionOf(tx, id);
  if (known?.origin === origin) return { id };
  if (known !== null)
    return { code: 'conflict', message: `adoption ${id} is another one, of ${known.origin}`, field: 'id' };
  const holder = await holderOf(tx, origin);
  if (holder !== null) return { code: 'conflict', message: `the controller ${origin} ${holder}`, field: 'bmc' };
  const isStale = lt(adoptions.requestedAt, sql`now() - ${staleMinutes} * interval '1 minute'`);
  await tx
    .update(adoptions)
    .set({ state: 'refused', why: 'nothing came of it', endedAt: sql`now()` })
    .where(and(eq(adoptions.origin, origin), eq(adoptions.state, 'waiting'), isStale));
  const row = { id, siteId, origin, secretRef, request, dryRun, reviewed, reason, requester: operator.name };
  await tx.insert(adoptions).values(row);
  await postAdoption(tx, { adoptionId: id, siteId });
  const detail = { adoption: id, bmc: origin, secret: secretRef, ...request, dryRun, reason };
  await record(tx, { actor: operator, action: 'machine.adopt.ask', detail });
  return { id };
}

/** Whose controller it is already, as a sentence goes on; null where it is nobody's. */
async function holderOf(tx: MdbOrTransaction, origin: string): Promise<string | null> {
  const [own] = await tx.select({ id: bmcs.machineId }).from(bmcs).where(eq(bmcs.origin, origin));
  if (own) return `is that of ${own.id} already`;
  const [expected] = await tx.select().from(expectedBmcs).where(eq(expectedBmcs.origin, origin));
  return expected ? 'is announced already, for the machine that turns up with its mark' : null;
}

export async function adoptionOf(mdb: MdbOrTransaction, id: string): Promise<Adoption | null> {
  const [row] = await mdb.select().from(adoptions).where(eq(adoptions.id, id));
  return row ?? null;
}

/** What contacting its controller takes. */
export async function readAdoptionContact(mdb: Mdb, id: string) {
  const row = await adoptionOf(mdb, id);
  if (row === null) throw new Error(`the MDB has no adoption ${id}`);
  const [site] = await mdb
    .select({ salt: sites.credentialSalt, bmcRequests: sql<number | null>`(${sites.policy} ->> 'bmcRequests')::int` })
    .from(sites)
    .where(eq(sites.id, row.siteId));
  if (!site) throw new Error(`the MDB has no site ${row.siteId}`);
  return { ...row, ...site, bmcNetworks: await bmcNetworksOf(mdb, row.siteId) };
}

/** What became of offering this version of credentials to a controller that is no machine's yet: the worst of it. */
export async function earlierSignIn(mdb: Mdb, origin: string, version: string): Promise<SignInState | null> {
  const rows = await mdb
    .select({ state: adoptions.signIn })
    .from(adoptions)
    .where(and(eq(adoptions.origin, origin), eq(adoptions.version, version), isNotNull(adoptions.signIn)));
  const states = rows.map(({ state }) => state);
  return (['refused', 'unknown', 'trying', 'accepted'] as const).find((state) => states.includes(state)) ?? null;
}

export async function noteSignIn(mdb: Mdb, id: string, version: string, signIn: SignInState | null): Promise<void> {
  await mdb.update(adoptions).set({ version, signIn }).where(eq(adoptions.id, id));
}

/** Writes what became of it: a plan, or the machine with the order for its birth, or why not. Given again, nothing more. */
export function settleAdoption(mdb: Mdb, id: string, seen: AdoptionSeen): Promise<void> {
  return settleIn(mdb, id, seen).catch((error: unknown) => {
    // It turned up by itself at this moment: the second look finds it.
    if (isDuplicate(error)) return settleIn(mdb, id, seen);
    throw error;
  });
}

function settleIn(mdb: Mdb, id: string, seen: AdoptionSeen): Promise<void> {
  const actor = { class: 'system', name: 'adoption' } as const;
  return acting(mdb, actor, null, async (tx) => {
    const [row] = await tx.select().from(adoptions).where(eq(adoptions.id, id)).for('update');
    if (row?.state !== 'waiting') return;
    const settled = await settle(tx, row, seen);
    await tx
      .update(adoptions)
      .set({ ...settled, endedAt: sql`now()` })
      .where(eq(adoptions.id, id));
    const { state, why = null, machineId = null, orderId = null, hash = null } = settled;
    const detail = {
      adoption: id,
      bmc: row.origin,
      state,
      ...(why !== null && { why }),
      ...(hash !== null && { plan: hash }),
    };
    await record(tx, {
      actor: { class: 'user', name: row.requester },
      action: 'machine.adopt',
      machineId,
      orderId,
      detail,
    });
  });
}

type Settled = Partial<Adoption> & Pick<Adoption, 'state'>;
const refused = (why: string, more: Partial<Adoption> = {}): Settled => ({ ...more, state: 'refused', why });

async function settle(tx: Transaction, row: Adoption, seen: AdoptionSeen): Promise<Settled> {
  if ('why' in seen) return refused(seen.why);
  const { look } = seen;
  const machine = judgeAdoption(look, row.request);
  if ('why' in machine) return refused(machine.why);
  await lock(tx, 'registration');
  const holder = await holderOf(tx, row.origin);
  if (holder !== null) return refused(`the controller ${row.origin} ${holder}`);
  const twin = await twinOf(tx, machine);
  if (twin !== null) return refused(`it is ${twin.id} already, by its ${twin.by}`);
  const place = await findPlace(tx, row.siteId, {
    rack: row.request.rack ?? undefined,
    unit: row.request.unit ?? undefined,
    slot: row.request.slot ?? undefined,
  });
  if (isRefused(place)) return refused(place.message);
  const plan = describeAdoption(machine, row.origin, look);
  const hash = createHash('sha256')
    .update(JSON.stringify([machine, place, row.origin, look.key, look.command]))
    .digest('hex');
  if (row.dryRun) return { state: 'planned', plan, hash };
  if (row.reviewed !== null && row.reviewed !== hash)
    return refused('its plan would be another one now: look at it first', { plan, hash });
  const written = await writeMachine(tx, row, machine, { place, key: look.key });
  if (typeof written === 'string') return refused(written);
  const order = await placeOrderIn(
    tx,
    { class: 'user', name: row.requester },
    {
      ...{
        id: `birth-${row.id}`,
        machineId: written.id,
        passageRequest: { passage: 'birth', request: { wipe: false } },
      },
      ...{ reason: row.reason, class: null, dryRun: false, reviewed: null, notBefore: null, deadline: null },
    },
  );
  if (isRefused(order)) return refused(order.message);
  return { state: 'adopted', plan, hash, machineId: written.id, orderId: order.id };
}

/** The machine that it is already, and by what. */
async function twinOf(tx: Transaction, { macs, uuid, serial, vendor, bmcMac }: AdoptedMachine) {
  const [held] = bmcMac === null ? [] : await tx.select({ id: bmcs.machineId }).from(bmcs).where(eq(bmcs.mac, bmcMac));
  if (held) return { id: held.id, by: "controller's MAC" };
  for (const mac of macs) {
    const id = await ownerOf(tx, mac);
    if (id !== null) return { id, by: 'MAC' };
  }
  if (uuid !== null) {
    const [same] = await tx
      .select({ id: machines.id })
      .from(machines)
      .where(inArray(machines.systemUuid, [...uuidForms(uuid)]));
    if (same) return { id: same.id, by: 'system UUID' };
  }
  if (serial === null) return null;
  const sameMaker = or(sql`${machines.vendor} is null`, sql`${machines.vendor} is not distinct from ${vendor}`);
  const [same] = await tx
    .select({ id: machines.id })
    .from(machines)
    .where(and(eq(machines.serial, serial), sameMaker));
  return same ? { id: same.id, by: 'serial number' } : null;
}

interface Beside {
  readonly place: Exclude<Awaited<ReturnType<typeof findPlace>>, Refused>;
  readonly key: string | null;
}

async function writeMachine(tx: Transaction, row: Adoption, machine: AdoptedMachine, { place, key }: Beside) {
  const { mac, macs, uuid, serial, boardSerial, sku, vendor, product, bmcMac } = machine;
  const slot = sql`${machines.slot} is not distinct from ${place?.slot ?? null}`;
  const here = place && and(eq(machines.rackId, place.rack), eq(machines.unit, place.unit), slot);
  const [other] = here ? await tx.select({ id: machines.id }).from(machines).where(here) : [];
  if (place && other) return `unit ${place.unit} of rack ${place.rack} holds ${other.id}`;
  const id = await freeId(tx, mac);
  await tx.insert(machines).values({
    ...{ id, siteId: row.siteId, mac, systemUuid: uuid, serial, boardSerial, sku, vendor, product },
    ...(place && { rackId: place.rack, unit: place.unit, slot: place.slot }),
  });
  await tx.insert(nics).values(macs.map((one) => ({ mac: one, machineId: id })));
  await tx.insert(bmcs).values({ machineId: id, origin: row.origin, secretRef: row.secretRef, pin: key, mac: bmcMac });
  if (row.version !== null && row.signIn === 'accepted')
    await tx.insert(signIns).values({ machineId: id, origin: row.origin, version: row.version, state: 'accepted' });
  return { id };
}
