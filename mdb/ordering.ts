/** What people ask for: each in one transaction with its audit row and the message to the workflow. */
import { randomUUID } from 'node:crypto';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Answer, Cancel, OrderMessage } from '../contract/machine.ts';
import { type Actor, acting, record, type Transaction } from './acting.ts';
import type { Mdb } from './connect.ts';
import { machineIdOf, normaliseMac, type Passage } from './machine.ts';
import { post } from './outbox.ts';
import {
  expectedBmcs,
  humanSteps,
  machines,
  nics,
  orders,
  outbox,
  racks,
  sites,
  switches,
  switchPorts,
} from './schema.ts';

/** Why something was not done, as a value: a stable word, a sentence, and the field it is about. */
export interface Refused {
  readonly code: 'not-found' | 'conflict' | 'invalid' | 'forbidden';
  readonly message: string;
  readonly field?: string;
}

export function isRefused<T>(value: T | Refused): value is Refused {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}

export interface OrderWish {
  readonly id?: string | undefined;
  readonly machineId: string;
  readonly passage: Passage;
  readonly reason: string;
  readonly wipe: boolean;
}

/** Orders a passage. The same id again is the same order; `created` says whether it is new. */
export async function placeOrder(
  mdb: Mdb,
  operator: Actor,
  wish: OrderWish,
): Promise<{ id: string; created: boolean } | Refused> {
  return acting(mdb, operator, null, async (tx) => {
    const [machine] = await tx.select().from(machines).where(eq(machines.id, wish.machineId)).for('update');
    if (!machine) return { code: 'not-found', message: `there is no machine ${wish.machineId}`, field: 'machine' };
    const id = wish.id ?? `${wish.passage}-${machine.id.replace(/^m-/, '')}-${randomUUID().slice(0, 8)}`;
    const known = await findOrder(tx, id, wish);
    if (known) return known;
    const live = await liveOrder(tx, machine.id);
    if (live)
      return { code: 'conflict', message: `${machine.id} has order ${live.id} already, which is ${live.state}` };
    if (machine.stage === 'in_service' && !wish.wipe) {
      const message = `${machine.id} is in service and a birth wipes it: say so with "wipe"`;
      return { code: 'conflict', message, field: 'wipe' };
    }
    await insertOrder(tx, operator, id, wish);
    return { id, created: true };
  });
}

async function findOrder(
  tx: Transaction,
  id: string,
  wish: OrderWish,
): Promise<{ id: string; created: boolean } | Refused | null> {
  const [known] = await tx.select().from(orders).where(eq(orders.id, id));
  if (!known) return null;
  if (known.machineId === wish.machineId && known.passage === wish.passage) return { id, created: false };
  return { code: 'conflict', message: `order ${id} is another one, for ${known.machineId}`, field: 'id' };
}

async function liveOrder(tx: Transaction, machineId: string) {
  const [live] = await tx
    .select({ id: orders.id, state: orders.state })
    .from(orders)
    .where(and(eq(orders.machineId, machineId), inArray(orders.state, ['waiting', 'running'])))
    .limit(1);
  return live ?? null;
}

async function insertOrder(tx: Transaction, operator: Actor, id: string, wish: OrderWish): Promise<void> {
  const { machineId, passage, reason, wipe } = wish;
  await tx.insert(orders).values({ id, machineId, passage, requester: operator.name, reason });
  // A new intent: the bound on bootstrap images counts from here.
  const wipeReason = wipe ? { wipeReason: `${operator.name}: ${reason}` } : {};
  await tx
    .update(machines)
    .set({ bootstraps: 0, ...wipeReason })
    .where(eq(machines.id, machineId));
  const payload: OrderMessage = { id, passage };
  await post(tx, { key: `order/${id}`, machineId, orderId: id, kind: 'order', payload: { ...payload } });
  await record(tx, { actor: operator, action: `order.${passage}`, machineId, orderId: id, detail: { reason, wipe } });
}

/** Asks the passage to stop. Asking again changes nothing; an order that has ended is refused. */
export async function cancelOrder(mdb: Mdb, operator: Actor, orderId: string, reason: string): Promise<true | Refused> {
  return acting(mdb, operator, orderId, async (tx) => {
    const [order] = await tx.select().from(orders).where(eq(orders.id, orderId)).for('update');
    if (!order) return { code: 'not-found', message: `there is no order ${orderId}` };
    if (order.state !== 'waiting' && order.state !== 'running') {
      return { code: 'conflict', message: `order ${orderId} has ended: ${order.state}` };
    }
    const { machineId } = order;
    const payload: Cancel = { orderId, by: operator.name, reason };
    const asked = await post(tx, {
      key: `cancel/${orderId}`,
      machineId,
      orderId,
      kind: 'cancel',
      payload: { ...payload },
    });
    if (asked) await record(tx, { actor: operator, action: 'order.cancel', machineId, orderId, detail: { reason } });
    return true;
  });
}

export interface AnswerWish {
  readonly step: string;
  readonly answer: string;
  readonly note?: string | undefined;
}

/** Hands an answer to the passage that asked. The first one counts. */
export async function answerStep(mdb: Mdb, operator: Actor, wish: AnswerWish): Promise<true | Refused> {
  return acting(mdb, operator, null, async (tx) => {
    const [asked] = await tx.select().from(humanSteps).where(eq(humanSteps.id, wish.step)).for('update');
    if (!asked)
      return { code: 'not-found', message: `there is no step ${wish.step}: farrier step list shows the open ones` };
    if (asked.answeredAt !== null) {
      return {
        code: 'conflict',
        message: `step ${asked.id} was answered already: ${asked.answer} by ${asked.answeredBy}`,
      };
    }
    if (!asked.choices.includes(wish.answer)) {
      const message = `${JSON.stringify(wish.answer)} is not an answer to this step; it takes: ${asked.choices.join(', ')}`;
      return { code: 'invalid', message, field: 'answer' };
    }
    const { machineId, orderId } = asked;
    const { answer, note } = wish;
    const payload: Answer = { step: asked.id, answer, by: operator.name, ...(note === undefined ? {} : { note }) };
    const key = `answer/${asked.id}`;
    if (!(await post(tx, { key, machineId, orderId, kind: 'answer', payload: { ...payload } }))) {
      const [earlier] = await tx.select({ payload: outbox.payload }).from(outbox).where(eq(outbox.key, key));
      const { answer: given, by } = (earlier?.payload ?? {}) as Partial<Answer>;
      return { code: 'conflict', message: `step ${asked.id} was answered already: ${given} by ${by}` };
    }
    await record(tx, { actor: operator, action: 'step.answer', machineId, orderId, detail: { ...payload } });
    return true;
  });
}

export interface Announcement {
  readonly mac: string;
  readonly rack?: string | undefined;
  readonly unit?: number | undefined;
  readonly switch?: string | undefined;
  readonly port?: string | undefined;
  readonly bmc?:
    | { readonly origin: string; readonly secretRef: string; readonly serial?: string | undefined }
    | undefined;
}

/** Writes a machine that nobody has seen yet, so that its first boot is expected. */
export async function announceMachine(
  mdb: Mdb,
  operator: Actor,
  siteId: string,
  wish: Announcement,
): Promise<{ id: string } | Refused> {
  return acting(mdb, operator, null, async (tx) => {
    const mac = normaliseMac(wish.mac);
    if (mac === null) return { code: 'invalid', message: `${wish.mac} is not the MAC of a machine`, field: 'mac' };
    const [site] = await tx.select({ id: sites.id }).from(sites).where(eq(sites.id, siteId));
    if (!site) return { code: 'not-found', message: `site ${siteId} is not in the MDB` };
    const place = await findPlace(tx, siteId, wish);
    if (isRefused(place)) return place;
    const taken = await findTaken(tx, mac, place, wish.bmc?.origin);
    if (taken) return taken;
    const id = machineIdOf(mac);
    await tx.insert(machines).values({ id, siteId, mac, rackId: place?.rack ?? null, unit: place?.unit ?? null });
    await tx.insert(nics).values({ mac, machineId: id });
    if (wish.bmc) {
      const { origin, secretRef, serial } = wish.bmc;
      await tx.insert(expectedBmcs).values({ origin, secretRef, serial: serial ?? null, siteId, mac });
    }
    const detail = { mac, ...place, ...(wish.bmc ? { bmc: wish.bmc.origin } : {}) };
    await record(tx, { actor: operator, action: 'machine.announce', machineId: id, detail });
    return { id };
  });
}

interface Place {
  readonly rack: string;
  readonly unit: number;
}

async function findPlace(tx: Transaction, siteId: string, wish: Announcement): Promise<Place | null | Refused> {
  if (wish.switch !== undefined) {
    const [port] = await tx
      .select({ rack: switchPorts.rackId, unit: switchPorts.unit })
      .from(switchPorts)
      .innerJoin(switches, eq(switches.id, switchPorts.switchId))
      .where(and(eq(switches.id, wish.switch), eq(switches.siteId, siteId), eq(switchPorts.port, wish.port ?? '')));
    return (
      port ?? { code: 'not-found', message: `switch ${wish.switch} has no port ${wish.port} in the MDB`, field: 'port' }
    );
  }
  if (wish.rack === undefined || wish.unit === undefined) return null;
  const [rack] = await tx
    .select()
    .from(racks)
    .where(and(eq(racks.id, wish.rack), eq(racks.siteId, siteId)));
  if (!rack) return { code: 'not-found', message: `there is no rack ${wish.rack}`, field: 'rack' };
  if (wish.unit > rack.units)
    return { code: 'invalid', message: `rack ${rack.id} has ${rack.units} units`, field: 'unit' };
  return { rack: wish.rack, unit: wish.unit };
}

async function findTaken(tx: Transaction, mac: string, place: Place | null, origin?: string): Promise<Refused | null> {
  await tx.execute(sql`select pg_advisory_xact_lock(719206)`);
  const [nic] = await tx.select({ id: nics.machineId }).from(nics).where(eq(nics.mac, mac));
  const [machine] = await tx.select({ id: machines.id }).from(machines).where(eq(machines.mac, mac));
  const owner = nic?.id ?? machine?.id;
  if (owner) return { code: 'conflict', message: `MAC ${mac} belongs to ${owner}`, field: 'mac' };
  if (place) {
    const here = and(eq(machines.rackId, place.rack), eq(machines.unit, place.unit));
    const [other] = await tx.select({ id: machines.id }).from(machines).where(here);
    if (other) {
      return { code: 'conflict', message: `unit ${place.unit} of rack ${place.rack} holds ${other.id}`, field: 'unit' };
    }
  }
  if (origin === undefined) return null;
  const [bmc] = await tx
    .select({ origin: expectedBmcs.origin })
    .from(expectedBmcs)
    .where(eq(expectedBmcs.origin, origin));
  return bmc ? { code: 'conflict', message: `the controller ${origin} is announced already`, field: 'bmc' } : null;
}
