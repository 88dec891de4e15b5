/**
 * Temporal's data is lost with an order of every kind under way, a campaign that runs and a semaphore that somebody holds.
 * Farrier finds it out by itself and goes on from the MDB. Judged by the simulator's journal, the ledger and the orders.
 */
import { and, eq, inArray, isNull, ne } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from '../../client/api.ts';
import { machineWorkflowId } from '../../contract/machine.ts';
import type { OpState, Passage, Stage } from '../../domain/machine.ts';
import { passages } from '../../domain/machine.ts';
import { campaignMachines, intents, machines, orders, outbox, permits, steps } from '../../mdb/schema.ts';
import type { SimEffect } from '../../sim/journal.ts';
import { type FleetMachine, type Whole, wholeFarrier } from './farrier.ts';
import { loseTemporal, withTemporal } from './loss.ts';
import { FleetOperator, maxDown, placeName } from './operator.ts';

interface Setup {
  readonly request: object;
  /** Done before the order is given. */
  readonly before?: (machine: FleetMachine) => Promise<void>;
  /** Whether it stands in its middle, where the data is lost. */
  readonly middle: (order: string, machine: FleetMachine) => Promise<boolean>;
  /** Done once Temporal is empty, so that it can end. */
  readonly after?: (order: string, machine: FleetMachine) => Promise<void>;
  readonly ends?: { readonly stage?: Stage; readonly opState?: OpState };
}

let whole: Whole;
let op: FleetOperator;
let api: ApiClient;
let fleet: readonly FleetMachine[];
/** Number of the journal's last line before anything was ordered. */
let since = 0;

/** The order has sent that command, the machine has obeyed it, and hangs. */
const sent = (kind: string) => async (order: string, machine: FleetMachine) => {
  const rows = await whole.up.mdb.select().from(intents).where(eq(intents.orderId, order));
  if (!rows.some((row) => row.kind === kind && row.sentAt !== null)) return false;
  return (await op.effects(machine, since)).some(({ effect }) => effect === 'reset' || effect === 'power-on');
};
const at = (step: string) => async (order: string) => {
  const rows = await whole.up.mdb.select().from(steps).where(eq(steps.orderId, order));
  return rows.some(({ name, state }) => name === step && state === 'running');
};
const power = async (machine: FleetMachine, how: string) => {
  expect((await op.control(machine, 'power', 'POST', { do: how })).ok).toBe(true);
};

/** A passage that is forgotten does not compile, and fails. The birther stands still, so that what restarts hangs. */
const facts: Readonly<Record<Passage, Setup>> = {
  birth: { request: { wipe: true }, middle: sent('boot-network') },
  rebirth: { request: { wipe: true, power: 'cycle' }, middle: sent('boot-network') },
  clean: { request: { owner: 'next', power: 'cycle' }, middle: sent('boot-network') },
  maintenance: {
    request: { work: [{ kind: 'bios', attributes: { PowerProfile: 'Efficiency' } }], soakMinutes: 0 },
    middle: sent('restart'),
  },
  repair: { request: { fault: 'test/hangs', severity: 'restart' }, middle: sent('restart') },
  retire: { request: {}, middle: sent('boot-network'), ends: { stage: 'retired', opState: 'disabled' } },
  drain: {
    request: { semaphores: { drain: 'machine' } },
    before: async ({ id }) => {
      await api.resizeSemaphore(`drain/machine=${id}`, { capacity: 0, reason: 'not yet' });
    },
    middle: async (order) => {
      const rows = await whole.up.mdb.select().from(permits).where(eq(permits.orderId, order));
      return rows.some(({ state }) => state === 'waiting');
    },
    after: async (_, { id }) => {
      await api.resizeSemaphore(`drain/machine=${id}`, { capacity: 1, reason: 'now' });
    },
    ends: { opState: 'draining' },
  },
  undrain: {
    request: {},
    before: async (machine) => {
      await whole.up.mdb.update(machines).set({ opState: 'draining' }).where(eq(machines.id, machine.id));
      await power(machine, 'ForceOff');
    },
    middle: at('restore'),
    after: (_, machine) => power(machine, 'On'),
  },
  reboot: { request: { drain: false, semaphores: { reboot: 'pool' } }, middle: sent('restart') },
  power: { request: { action: 'cycle' }, middle: sent('power-cycle') },
};

const kinds = Object.keys(facts) as Passage[];
const idOf = (passage: Passage) => `lost-${passage}`;
const machineOf = (passage: Passage) => fleet[kinds.indexOf(passage)] as FleetMachine;
const pair = () => fleet.slice(kinds.length, kinds.length + 2);
const trio = () => fleet.slice(kinds.length + 2);

beforeAll(async () => {
  whole = await wholeFarrier({ racks: 1, perRack: kinds.length + 4, speed: 20 });
  op = new FleetOperator(whole);
  api = new ApiClient({ url: whole.api });
  fleet = await whole.until(
    (rows) => rows.length === kinds.length + 4 && rows.every(({ stage }) => stage === 'in_service'),
    420,
  );
  await whole.up.mdb.update(machines).set({ owner: 'old' });
  await api.setBreaker({ share: 100, perMinute: 1000, reason: 'all of this is meant' });
  for (const operation of ['drain', 'reboot'])
    await api.resizeSemaphore(`${operation}/fleet=all`, { capacity: 50, reason: 'all of this is meant' });
  const rack = fleet[0]?.rackId;
  for (const operation of ['drain', 'reboot'])
    await api.resizeSemaphore(`${operation}/rack=${rack}`, { capacity: 50, reason: 'all of this is meant' });
  await api.setPool('general', { soakMinutes: 0, reason: 'a test has no time' });
}, 900_000);
afterAll(() => whole?.close());

const live = async () => {
  const rows = await whole.up.mdb
    .select()
    .from(orders)
    .where(inArray(orders.state, ['waiting', 'running']));
  return rows.map(({ id, state }) => `${id} ${state}`).toSorted();
};

/** Where an order stands, for whoever reads why it is not where it should be. */
const standing = async (order: string) => {
  const [row] = await whole.up.mdb.select().from(orders).where(eq(orders.id, order));
  const taken = await whole.up.mdb.select().from(steps).where(eq(steps.orderId, order));
  return `${order} ${row?.state} ${row?.outcome ?? ''} ${taken.map(({ name, state, detail }) => `${name} ${state} ${JSON.stringify(detail)}`)}`;
};

test('O-3: every passage has its scenario', () => {
  expect(kinds.toSorted()).toEqual([...passages].toSorted());
});

test('O-3: all of Temporal is lost in the middle of each passage, and every order ends as it should', {
  timeout: 900_000,
}, async () => {
  const { mdb } = whole.up;
  for (const { id } of pair()) await mdb.update(machines).set({ pool: 'pair' }).where(eq(machines.id, id));
  for (const { id } of trio()) await mdb.update(machines).set({ pool: 'trio' }).where(eq(machines.id, id));
  await api.resizeSemaphore('reboot/pool=pair', { capacity: 1, reason: 'one at a time' });
  const pace = { canary: 0, batch: 1, atOnce: 1, soakMinutes: 0 };
  await api.planCampaign({ id: 'kernel', selector: 'pool=trio', passage: 'reboot', reason: 'new kernel', pace });
  const { hash } = (await api.campaign('kernel')).campaign;
  for (const passage of kinds) await facts[passage].before?.(machineOf(passage));
  since = await op.lastSeq();

  const asked = (id: string, passage: Passage, machine: FleetMachine, request: object) =>
    api.order({ id, passage, machine: machine.id, reason: 'to be lost', request } as Parameters<ApiClient['order']>[0]);
  const stand = kinds.filter((passage) => facts[passage].before);
  for (const passage of stand) await asked(idOf(passage), passage, machineOf(passage), facts[passage].request);
  // A stopped birther's connections are reset when it goes on too late: what hangs on it comes last, and all at once.
  whole.supervisor.signal('birther', 'SIGSTOP');
  await Promise.all([
    ...kinds
      .filter((passage) => !stand.includes(passage))
      .map((passage) => asked(idOf(passage), passage, machineOf(passage), facts[passage].request)),
    ...pair().map((machine, index) =>
      asked(`pair-${index}`, 'reboot', machine, { drain: false, semaphores: { reboot: 'pool' } }),
    ),
    api.startCampaign('kernel', hash, 'reviewed'),
  ]);
  // Behind what is under way, and given after it: a paused order lets none past. The first is paused.
  await Promise.all([
    asked('behind-1', 'drain', machineOf('reboot'), {}).then(() => api.steer('behind-1', 'pause', 'not now')),
    asked('behind-2', 'undrain', machineOf('power'), {}),
  ]);

  const missing = async () => {
    const there = await Promise.all(
      kinds.map(async (passage) =>
        (await facts[passage].middle(idOf(passage), machineOf(passage))) ? [] : [await standing(idOf(passage))],
      ),
    );
    return there.flat();
  };
  await expect.poll(missing, { timeout: 600_000, interval: 100 }).toEqual([]);
  const held = async () =>
    (await mdb.select().from(permits).where(eq(permits.semaphore, 'semaphore/reboot/pool=pair')))
      .map(({ state }) => state)
      .toSorted();
  await expect.poll(held, { timeout: 120_000 }).toEqual(['granted', 'waiting']);
  const ordered = async () =>
    (await mdb.select().from(campaignMachines).where(eq(campaignMachines.campaignId, 'kernel'))).filter(
      ({ state }) => state === 'ordered',
    ).length;
  await expect.poll(ordered, { timeout: 120_000 }).toBe(1);
  expect((await live()).filter((one) => one.startsWith('lost-'))).toEqual(
    kinds.map((passage) => `${idOf(passage)} running`).toSorted(),
  );
  const fences = await mdb.select().from(permits).where(eq(permits.state, 'granted'));

  const emptied = loseTemporal(whole);
  whole.supervisor.signal('birther', 'SIGCONT');
  // What people say meanwhile is heard once somebody is there to hear it.
  await api.cancel('behind-1', 'not needed after all');
  await emptied;
  for (const passage of kinds) await facts[passage].after?.(idOf(passage), machineOf(passage));

  await expect.poll(live, { timeout: 600_000, interval: 500 }).toEqual([]);
  const rows = await mdb.select().from(orders);
  const ended = Object.fromEntries(rows.map(({ id, state, outcome }) => [id, state === 'done' ? 'done' : outcome]));
  const all = [...kinds.map(idOf), 'pair-0', 'pair-1', 'behind-2'];
  expect(ended).toMatchObject(Object.fromEntries(all.map((id) => [id, 'done'])));
  expect(rows.find(({ id }) => id === 'behind-1')?.state).toBe('cancelled');
  expect(rows.filter(({ id }) => kinds.map(idOf).includes(id)).every(({ epoch }) => epoch >= 2)).toBe(true);

  const campaign = async () => (await api.campaign('kernel')).campaign;
  await expect.poll(async () => (await campaign()).state, { timeout: 600_000, interval: 500 }).toBe('done');
  expect((await campaign()).counts).toMatchObject({ done: 2, failed: 0 });
  // The machine's fence rose past what the permits of before were granted with.
  for (const { machineId, fence, semaphore } of fences.filter(({ orderId }) => orderId === idOf('reboot'))) {
    const acts = await mdb.select().from(intents).where(eq(intents.machineId, machineId));
    expect([semaphore, Math.max(...acts.map((act) => act.fence))]).toEqual([semaphore, expect.any(Number)]);
    expect(fence).toBeGreaterThan(0);
  }
});

/** What can't be taken back; each may happen to one machine once, a disk of it once. */
const destructive: readonly SimEffect[] = [
  ...(['reset', 'power-off', 'disk-wiped', 'disk-erased', 'keys-discarded', 'installed'] as const),
  ...(['password-changed', 'firmware-flashed', 'bios-pending'] as const),
];

test('O-3: nothing destructive was done twice', async () => {
  const journal = (await whole.journal()).filter(({ seq }) => seq > since);
  const twice = fleet.flatMap((machine) =>
    destructive.flatMap((effect) => {
      const done = journal.filter((entry) => entry.machine === placeName(machine) && entry.effect === effect);
      const keys = done.map(({ detail }) => JSON.stringify(detail ?? {}));
      return new Set(keys).size === keys.length ? [] : [`${placeName(machine)} ${effect} ${keys.join(' ')}`];
    }),
  );
  expect(twice).toEqual([]);
  // What the agent restarts at its hand-over is not asked for by a controller.
  const resets = journal.filter(({ effect, detail }) => effect === 'reset' && detail?.['by'] !== 'host');
  expect(new Set(resets.map(({ machine }) => machine)).size).toBe(resets.length);
  const paired = new Set(pair().map(placeName));
  expect(maxDown(journal.filter(({ machine }) => paired.has(machine)))).toBe(1);
  const trios = new Set(trio().map(placeName));
  expect(maxDown(journal.filter(({ machine }) => trios.has(machine)))).toBe(1);
});

test('O-3: no permit is left, no message waits, no machine is held, and each has its workflow again', async () => {
  const { mdb } = whole.up;
  const open = () => mdb.select().from(permits).where(ne(permits.state, 'closed'));
  await expect
    .poll(async () => (await open()).map(({ id, semaphore }) => [id, semaphore]), { timeout: 60_000 })
    .toEqual([]);
  const due = () => mdb.select().from(outbox).where(isNull(outbox.deliveredAt));
  await expect.poll(async () => (await due()).map(({ key, error }) => [key, error]), { timeout: 60_000 }).toEqual([]);
  const left = await mdb
    .select()
    .from(steps)
    .where(inArray(steps.state, ['running', 'held']));
  expect(left).toEqual([]);
  for (const passage of kinds) {
    const { stage, opState, held } = await op.machine(machineOf(passage).id);
    const { ends } = facts[passage];
    const wanted = { stage: ends?.stage ?? 'in_service', opState: ends?.opState ?? 'production', held: null };
    expect({ passage, stage, opState, held }).toEqual({ passage, ...wanted });
  }
  await withTemporal(whole, async (client) => {
    for (const { id } of fleet) {
      const { status } = await client.workflow.getHandle(machineWorkflowId(id)).describe();
      expect(status.name).toBe('RUNNING');
    }
  });
  expect(await mdb.$count(orders, and(eq(orders.passage, 'reboot'), ne(orders.state, 'done')))).toBe(0);
});

test('O-3: rehydrate beside a Temporal that has everything leaves all of it alone', { timeout: 600_000 }, async () => {
  const reported = await op.farrier('rehydrate', '--dry-run');
  expect(reported).toMatch(/nothing is missing/i);
  expect(await op.farrier('rehydrate')).toMatch(/nothing was missing/i);
});
