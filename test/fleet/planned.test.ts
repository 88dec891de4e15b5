/**
 * Planned work on a simulated fleet, by the command line as the pages show it: three maintenances that take their time,
 * two campaigns beside them, and a retirement. What was done is judged by the simulator's journal.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { passageWorkflowId } from '../../contract/machine.ts';
import { addresses, audit, bmcs, campaigns, disks, erasures, intents, machines, tickets } from '../../mdb/schema.ts';
import { type FleetMachine, type Whole, wholeFarrier } from './farrier.ts';
import { FleetOperator, maxDown, placeName } from './operator.ts';

const image = 'SIMFW BIOS 2.19.1\nfilling\n';
const sha256 = createHash('sha256').update(image).digest('hex');

let whole: Whole;
let op: FleetOperator;
let fleet: readonly FleetMachine[];
let connection: Connection;
beforeAll(async () => {
  whole = await wholeFarrier({ racks: 2, perRack: 5, speed: 40 });
  op = new FleetOperator(whole);
  fleet = await whole.until((rows) => rows.length === 10 && rows.every(({ stage }) => stage === 'in_service'), 420);
  connection = await Connection.connect({ address: whole.up.temporal.address });
  // Each of the six machines between the first and the last unit of a rack is in the pool of the campaigns.
  const batch = fleet.filter(({ unit }) => unit !== 1 && unit !== 5);
  for (const { id } of batch) await whole.up.mdb.update(machines).set({ pool: 'batch' }).where(eq(machines.id, id));
  await whole.up.mdb
    .update(machines)
    .set({ pool: 'solo' })
    .where(eq(machines.id, at('s002-u01').id));
  const loose = ['--share', '100', '--per-minute', '1000', '--reason', 'all of this is meant'];
  await op.farrier('brake', 'set', ...loose);
  for (const operation of ['drain', 'reboot']) {
    await op.farrier('semaphore', 'resize', `${operation}/fleet=all`, '8', '--reason', 'all of this is meant');
    // Beside a campaign, which has its own share of a rack, one is out for a person who swaps a part.
    await op.farrier('semaphore', 'resize', `${operation}/rack=*`, '3', '--reason', 'all of this is meant');
  }
}, 900_000);
afterAll(async () => {
  await connection?.close();
  await whole?.close();
});

const at = (place: string) => fleet.find((machine) => placeName(machine) === place) as FleetMachine;
const waitsOn = async (machine: FleetMachine, order: string) => {
  const id = passageWorkflowId(machine.id, 'maintenance', order);
  const status = await new Client({ connection }).workflow.getHandle(id).query<{ waitingOn: string }>('status');
  return status.waitingOn;
};
/** Places a maintenance as docs/maintenance.md does. */
const maintain = (machine: FleetMachine, id: string, request: object) =>
  op.farrier(
    ...['order', 'place', 'maintenance', machine.hostname as string, '--reason', 'as planned', '--id', id],
    ...['--request', JSON.stringify(request)],
  );
/** A resource as the machine's own controller shows it. */
async function controllerShows(machine: FleetMachine, path: string): Promise<Record<string, unknown>> {
  const [bmc] = await whole.up.mdb.select().from(bmcs).where(eq(bmcs.machineId, machine.id));
  const secret = await readFile(join(whole.data, 'secrets', bmc?.secretRef ?? ''), 'utf8');
  const { username, password } = JSON.parse(secret) as { username: string; password: string };
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  return (await (await fetch(`${bmc?.origin}/redfish/v1${path}`, { headers })).json()) as Record<string, unknown>;
}
const biosOf = async (machine: FleetMachine) =>
  (await controllerShows(machine, '/Systems/1/Bios'))['Attributes'] as Record<string, unknown>;

const soaking = [{ kind: 'bios', attributes: { SriovSupport: 'Enabled' } }];
let opens = 0;

test('maintenance begins where window, readiness and capacity allow it, and nowhere else', {
  timeout: 600_000,
}, async () => {
  await mkdir(join(whole.data, 'images', 'firmware'), { recursive: true });
  await writeFile(join(whole.data, 'images', 'firmware', 'bios-2.19.1.bin'), image);
  opens = Date.now() + 5000;
  await maintain(at('s001-u01'), 'upgrade', {
    window: { opens: new Date(opens).toISOString(), closes: new Date(opens + 3_600_000).toISOString() },
    // In an order that would take two reboots.
    work: [
      { kind: 'bios', attributes: { HyperThreading: 'Disabled' } },
      { kind: 'reboot' },
      { kind: 'firmware', component: 'BIOS', version: '2.19.1', file: 'firmware/bios-2.19.1.bin', sha256 },
      { kind: 'bios', attributes: { PowerProfile: 'Performance' } },
      { kind: 'reboot' },
    ],
    soakMinutes: 0,
    semaphores: { drain: 'rack', reboot: 'rack' },
  });
  const soak = ['--work', JSON.stringify(soaking), '--soak', '1', '--reason', 'as planned', '--id', 'soak'];
  await op.farrier('maintenance', at('s001-u05').hostname as string, ...soak);

  await op.farrier('capacity', 'set', 'pool', 'solo', '1', '--reason', 'it is the only one');
  const riser = { kind: 'step', question: 'Swap the riser card.', owner: 'hands' };
  await maintain(at('s002-u01'), 'scarce', { work: [riser, { kind: 'reboot' }], soakMinutes: 0 });
  await expect.poll(() => waitsOn(at('s002-u01'), 'scarce').catch(String)).toBe('capacity');
  expect(await op.machine(at('s002-u01').id)).toMatchObject({ stage: 'in_service', opState: 'production' });
  await op.farrier('capacity', 'set', 'pool', 'solo', 'none', '--reason', 'it may go now');

  const dark = at('s002-u05');
  await op.control(dark, 'power', 'POST', { do: 'ForceOff' });
  await maintain(dark, 'unready', { work: [{ kind: 'reboot' }], soakMinutes: 0 });
  await op.ended('unready', 'failed', 300);
  expect((await op.order('unready'))?.outcome).toBe('nothing was done: the machine is not ready, its power is Off');
  expect(await op.machine(dark.id)).toMatchObject({ stage: 'in_service', opState: 'production', held: null });
  expect(await op.acts('unready')).toEqual([]);
  await op.control(dark, 'power', 'POST', { do: 'On' });
});

test('a dry run of maintenance tells beforehand what could not be done', { timeout: 600_000 }, async () => {
  const machine = at('s001-u02');
  const none = '0'.repeat(64);
  const work = [
    { kind: 'firmware', component: 'BIOS', version: '3.0.0', file: 'firmware/bios-3.0.0.bin', sha256: none },
    { kind: 'bios', attributes: { NoSuchSetting: 'Enabled' } },
  ];
  const request = ['--request', JSON.stringify({ work }), '--reason', 'what if', '--id', 'what-if', '--dry-run'];
  await op.farrier('order', 'place', 'maintenance', machine.hostname as string, ...request);
  await op.ended('what-if', 'done', 300);
  const observed = await observedOrder('what-if');
  const planned = observed.plan.lines.filter(({ step }) => step === 'work').map(({ does }) => does);
  expect(planned).toEqual([
    'to maintenance',
    expect.stringMatching(/^update BIOS to 3\.0\.0: it can't be done, .*firmware\/bios-3\.0\.0\.bin.* 404$/),
    "set the BIOS: NoSuchSetting: it can't be done, the BIOS has no setting NoSuchSetting; nothing was sent",
  ]);
});

const observedOrder = async (id: string) => JSON.parse(await op.farrier('order', 'show', id, '--json')) as Observed;

interface Observed {
  readonly plan: { readonly lines: readonly { readonly step: string; readonly does: string }[] };
  readonly steps: readonly { readonly startedAt: string; readonly endedAt: string }[];
}

test('a campaign brings a BIOS setting to a pool: rehearsed, started by its hash, canary first, a few of a rack at once', {
  timeout: 900_000,
}, async () => {
  const work = JSON.stringify({ work: [{ kind: 'bios', attributes: { PowerProfile: 'Efficiency' } }], soakMinutes: 0 });
  const pace = ['--canary', '1', '--soak-minutes', '0', '--batch', '3', '--at-once', '2', '--rack-share', '20'];
  const spec = ['maintenance', '--selector', 'pool=batch', '--count', '6', '--reason', 'less power', '--request', work];
  const planned = await op.farrier('campaign', 'plan', 'power', ...spec, ...pace, '--rehearse');
  expect(planned).toMatch(/rack s001 +3 +1 +\d/);
  expect(planned).toContain('Nothing is done yet: farrier campaign start power --plan ');
  const rehearsed = async () => (await op.campaign('power')).members.filter(({ plan }) => plan !== null).length;
  await expect.poll(rehearsed).toBe(6);
  const { hash } = (await op.campaign('power')).campaign;
  const start = (plan: string) => ['campaign', 'start', 'power', '--plan', plan, '--reason', 'reviewed'];

  // One leaves the pool: the plan is another one, until it is back. Another is set by hand: it does not do what was reviewed.
  const [left, odd] = [at('s002-u02'), at('s002-u04')];
  await whole.up.mdb.update(machines).set({ pool: 'general' }).where(eq(machines.id, left.id));
  expect(await op.refusal(...start(hash))).toContain('0 machines came to it and 1 left it; plan it anew');
  expect(await op.refusal(...start('0'.repeat(64)))).toContain(`the plan of power is ${hash}, not 000`);
  const again = await op.farrier('campaign', 'plan', 'power', ...spec.with(4, '5'), ...pace);
  expect(again).toContain('5 machines: pool=batch');
  await whole.up.mdb.update(machines).set({ pool: 'batch' }).where(eq(machines.id, left.id));
  await op.farrier('campaign', 'plan', 'power', ...spec, ...pace);
  expect((await op.campaign('power')).campaign.hash).toBe(hash);
  await setByHand(odd, 'PowerProfile=Efficiency');

  const since = await op.lastSeq();
  await op.farrier(...start(hash));
  const ended = async () => (await op.campaign('power')).campaign.state;
  await expect.poll(ended, { timeout: 400_000, interval: 1000 }).toBe('done');

  const { campaign, members } = await op.campaign('power');
  expect(campaign.counts).toMatchObject({ done: 5, skipped: 1, failed: 0 });
  expect(members.find(({ machineId }) => machineId === odd.id)).toMatchObject({
    state: 'skipped',
    outcome: expect.stringMatching(/^nothing was done: the plan is now [0-9a-f]{64}, and [0-9a-f]{64} was reviewed$/),
  });
  const journal = (await whole.journal()).filter(({ seq }) => seq > since);
  for (const { machineId, state } of members) {
    const machine = await op.machine(machineId);
    const effects = journal.filter((entry) => entry.machine === placeName(machine)).map(({ effect }) => effect);
    if (state !== 'done') {
      expect(effects).not.toContain('reset');
      continue;
    }
    expect(
      effects.filter((effect) => effect === 'bios-pending' || effect === 'reset' || effect === 'bios-applied'),
    ).toEqual(['bios-pending', 'reset', 'bios-applied']);
    expect(await biosOf(machine)).toMatchObject({ PowerProfile: 'Efficiency' });
    expect(machine).toMatchObject({ stage: 'in_service', opState: 'production', held: null });
  }
  const ours = journal.filter(({ machine }) => members.some((one) => placeName(byId(one.machineId)) === machine));
  for (const rack of ['s001', 's002']) expect(maxDown(ours, rack)).toBe(1);
  const [canary] = members.filter(({ batch }) => batch === 0);
  const others = members.filter(({ batch, state }) => batch > 0 && state === 'done');
  for (const one of others) expect(Date.parse(one.orderedAt ?? '')).toBeGreaterThan(Date.parse(canary?.endedAt ?? ''));
});

const byId = (id: string) => fleet.find((machine) => machine.id === id) as FleetMachine;

/** As docs/bmc.md shows it. */
async function setByHand(machine: FleetMachine, setting: string): Promise<void> {
  const [bmc] = await whole.up.mdb.select().from(bmcs).where(eq(bmcs.machineId, machine.id));
  const secret = await readFile(join(whole.data, 'secrets', bmc?.secretRef ?? ''), 'utf8');
  const { username, password } = JSON.parse(secret) as { username: string; password: string };
  process.env['FARRIER_BMC_PASSWORD'] = password;
  try {
    await op.farrier('bmc', 'bios', bmc?.origin ?? '', 'set', setting, '--user', username, '--yes');
  } finally {
    delete process.env['FARRIER_BMC_PASSWORD'];
  }
}

test('a reboot campaign is paused, halts at a machine that does not obey, and goes on when somebody has looked', {
  timeout: 900_000,
}, async () => {
  const always = JSON.stringify([{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00', zone: 'Europe/Berlin' }]);
  const pace = ['--canary', '0', '--batch', '2', '--at-once', '2', '--feed-share', '20', '--pool-share', '34'];
  const halts = ['--halt-count', '2', '--halt-share', '10', '--windows', always, '--class', 'clean'];
  const spec = ['reboot', '--selector', 'pool=batch', '--reason', 'new kernel'];
  await op.farrier('campaign', 'plan', 'kernel', ...spec, ...pace, ...halts);
  const { campaign, members } = await op.campaign('kernel');
  expect(campaign).toMatchObject({ state: 'planned', haltAt: 1, class: 'clean', machines: 6 });
  expect(members.map(({ batch }) => batch)).toEqual([1, 1, 2, 2, 3, 3]);
  const deaf = byId(members[0]?.machineId ?? '');
  await op.control(deaf, 'fault', 'PUT', { kind: 'lying-power' });

  const since = await op.lastSeq();
  await op.farrier('campaign', 'start', 'kernel', '--plan', campaign.hash, '--reason', 'reviewed');
  const counts = async () => (await op.campaign('kernel')).campaign.counts;
  // The next batch waits for the one that does not obey, so that the pause comes in time however long it takes.
  await expect.poll(async () => (await counts()).planned).toBe(4);
  await op.farrier('campaign', 'pause', 'kernel', '--reason', 'a storm comes');
  const orderOf = (machine: FleetMachine) => `kernel-${machine.id.slice(2)}`;
  const stuck = await op.question(orderOf(deaf), 300);
  await expect.poll(counts).toMatchObject({ ordered: 1, done: 1, planned: 4 });
  expect(await op.farrier('campaign', 'ls')).toMatch(
    /kernel +reboot +paused +batches +6 +1 +0 +0 +1 +\d+m .*a storm comes/,
  );
  await op.farrier('campaign', 'resume', 'kernel', '--reason', 'it is over');
  await op.farrier('step', 'answer', stuck, 'abandon');
  const state = async () => (await op.campaign('kernel')).campaign.state;
  await expect.poll(state).toBe('paused');

  const halted = (await op.campaign('kernel')).campaign;
  expect(halted.why).toContain(`1 of 6 machines failed, and 1 are too many; the latest: ${deaf.id}: abandoned by`);
  const ticket = async () =>
    (
      await whole.up.mdb
        .select()
        .from(tickets)
        .where(eq(tickets.id, halted.ticketId ?? ''))
    )[0];
  expect(await ticket()).toMatchObject({ machineId: deaf.id, fault: 'campaign/kernel', closedAt: null });
  expect(await op.farrier('campaign', 'show', 'kernel', '--state', 'failed')).toContain('abandoned by');
  await op.control(deaf, 'fault?kind=lying-power', 'DELETE');
  await op.farrier('campaign', 'resume', 'kernel', '--reason', 'its controller was restarted');
  await expect.poll(state, { timeout: 400_000, interval: 1000 }).toBe('done');

  expect((await op.campaign('kernel')).campaign.counts).toMatchObject({ done: 5, failed: 1, planned: 0 });
  expect((await ticket())?.closedAt).not.toBeNull();
  const pool = new Set(members.map(({ machineId }) => placeName(byId(machineId))));
  const journal = (await whole.journal()).filter(({ seq, machine }) => seq > since && pool.has(machine));
  expect(maxDown(journal)).toBeLessThanOrEqual(2);
  for (const { machineId } of members) {
    const done = journal.filter(({ machine }) => machine === placeName(byId(machineId))).map(({ effect }) => effect);
    const ignored = done.filter((effect) => effect === 'power-ignored').length;
    const resets = done.filter((effect) => effect === 'reset').length;
    expect([ignored, resets]).toEqual(machineId === deaf.id ? [1, 0] : [0, 1]);
  }
  // Sent, and never seen to have an effect: that stays open, and nothing was sent again.
  expect(await op.acts(orderOf(deaf))).toEqual([['restart', 'sent']]);
});

test('a campaign whose window is closed waits for it, and one that is cancelled ends', {
  timeout: 600_000,
}, async () => {
  const day = ((new Date().getUTCDay() + 2) % 7) + 1;
  const later = JSON.stringify([{ days: [day], from: '12:00', to: '13:00', zone: 'UTC' }]);
  const spec = ['reboot', '--selector', 'pool=batch', '--reason', 'not yet', '--windows', later];
  await op.farrier('campaign', 'plan', 'later', ...spec);
  const { hash } = (await op.campaign('later')).campaign;
  await op.farrier('campaign', 'start', 'later', '--plan', hash, '--reason', 'reviewed');
  const why = async () => (await op.campaign('later')).campaign.why;
  await expect.poll(why).toMatch(/^its window opens at \d{4}-\d\d-\d\dT12:00:00.000Z$/);
  await op.farrier('campaign', 'cancel', 'later', '--reason', 'not at all', '--stop');
  const row = async () => (await whole.up.mdb.select().from(campaigns).where(eq(campaigns.id, 'later')))[0];
  await expect.poll(async () => (await row())?.endedAt).not.toBeNull();
  expect((await op.campaign('later')).campaign.counts).toMatchObject({ cancelled: 6, ordered: 0 });
  // Again changes nothing.
  await op.farrier('campaign', 'cancel', 'later', '--reason', 'not at all');
});

test('maintenance ended in production: firmware, all settings, one reboot, each once, and read back', {
  timeout: 900_000,
}, async () => {
  const machine = at('s001-u01');
  await op.ended('upgrade', 'done', 300);
  expect((await op.order('upgrade'))?.outcome).toBe('maintained and back in production');
  const effects = await op.effects(machine, (await firstSeq('upgrade')) - 1);
  expect(effects.map(({ effect }) => effect)).toEqual([
    ...['firmware-flashed', 'bios-pending', 'reset', 'bios-applied', 'boot-request', 'disk-booted'],
  ]);
  expect(effects[0]?.detail).toMatchObject({ component: 'BIOS', to: '2.19.1' });
  expect(Date.parse(effects[0]?.time ?? '')).toBeGreaterThan(opens);
  const { startedAt = '' } = (await observedOrder('upgrade')).steps[1] ?? {};
  expect(Date.parse(startedAt)).toBeGreaterThanOrEqual(opens);
  expect(await controllerShows(machine, '/UpdateService/FirmwareInventory/BIOS')).toMatchObject({ Version: '2.19.1' });
  expect(await biosOf(machine)).toMatchObject({ HyperThreading: 'Disabled', PowerProfile: 'Performance' });

  const all = [...['window', 'drain', 'work', 'restore', 'soak']].map((step) => [step, 'done']);
  expect(await op.steps('upgrade')).toEqual(all);
  expect(await op.moves('upgrade', 'op_state')).toEqual(['draining', 'disabled', 'production']);
  expect(await op.moves('upgrade', 'stage')).toEqual(['maintenance', 'in_service']);
  expect(await op.acts('upgrade')).toEqual([
    ['update-firmware', 'done'],
    ['set-bios', 'done'],
    ['restart', 'done'],
  ]);
  const fences = await whole.up.mdb.select().from(intents).where(eq(intents.orderId, 'upgrade'));
  expect(fences.every(({ fence }) => fence > 0)).toBe(true);

  const request = await op.question('scarce', 300);
  expect(await op.farrier('step', 'list', '--owner', 'hands')).toMatch(/hands .*Swap the riser card\./);
  await op.farrier('step', 'answer', request, 'done');
  for (const order of ['soak', 'scarce']) {
    await op.ended(order, 'done', 300);
    expect(await op.steps(order)).toEqual(all);
  }
  expect(await biosOf(at('s001-u05'))).toMatchObject({ SriovSupport: 'Enabled' });
  const { startedAt: from = '', endedAt: until = '' } = (await observedOrder('soak')).steps[4] ?? {};
  expect(Date.parse(until) - Date.parse(from)).toBeGreaterThanOrEqual(60_000);
});

/** Of the first thing that was done for an order. */
async function firstSeq(order: string): Promise<number> {
  const [first] = await whole.up.mdb
    .select()
    .from(intents)
    .where(eq(intents.orderId, order))
    .orderBy(intents.writtenAt);
  const since = first?.writtenAt.getTime() ?? Number.POSITIVE_INFINITY;
  return (await whole.journal()).find(({ time }) => Date.parse(time) >= since)?.seq ?? 0;
}

test('a retired machine leaves nothing behind but its record', { timeout: 600_000 }, async () => {
  const machine = at('s002-u01');
  const { secretRef: before } = (await bmcOf(machine)) ?? {};
  const since = await op.lastSeq();
  await op.farrier('retire', machine.hostname as string, '--reason', 'sold', '--id', 'sold');
  await op.ended('sold', 'done', 300);
  const effects = (await op.effects(machine, since)).map(({ effect }) => effect);
  expect(effects).toEqual([
    ...['boot-override', 'reset', 'boot-request', 'bootstrap-booted', 'agent-session', 'keys-discarded'],
    ...['disk-erased', 'disk-erased', 'password-changed', 'power-off'],
  ]);
  expect(await op.acts('sold')).toEqual([
    ['boot-network', 'done'],
    ['rotate-password', 'done'],
    ['power-off', 'done'],
  ]);
  expect((await op.order('sold'))?.outcome).toBe(
    '2 disks proven erased; its controller has a new password; switched off',
  );
  const known = await whole.up.mdb.select().from(disks).where(eq(disks.machineId, machine.id));
  const proof = await whole.up.mdb.select().from(erasures).where(eq(erasures.orderId, 'sold'));
  expect(proof.map(({ serial, state }) => [serial, state]).toSorted()).toEqual(
    known.map(({ serial }) => [serial, 'done']).toSorted(),
  );
  expect(await op.machine(machine.id)).toMatchObject({
    ...{ stage: 'retired', opState: 'disabled', bootState: 'healthy', serial: machine.serial },
    ...{ hostname: null, address: null, rackId: null, unit: null, owner: null, requiredImage: null },
  });
  expect(await op.moves('sold', 'stage')).toEqual(['maintenance', 'registered', 'retired']);
  expect(await whole.up.mdb.select().from(addresses).where(eq(addresses.machineId, machine.id))).toEqual([]);
  expect((await bmcOf(machine))?.secretRef).not.toBe(before);
  const kept = await whole.up.mdb.select().from(audit).where(eq(audit.machineId, machine.id));
  expect(kept.map(({ action }) => action)).toContain('machine.retired');

  expect(await op.farrier('machine', 'show', machine.id)).toMatch(/offerable +no/);
  expect(await op.farrier('ls', 'stage=in_service')).not.toContain(machine.id);
  expect(await op.refusal('campaign', 'plan', 'gone', 'reboot', '--selector', 'pool=solo', '--reason', 'x')).toContain(
    'it has left the fleet',
  );
  await op.farrier('reboot', machine.id, '--reason', 'is it there?', '--id', 'gone');
  await op.ended('gone', 'failed', 300);
  expect((await op.order('gone'))?.outcome).toBe('nothing was done: the machine is disabled, stage retired');

  // Whoever switches it on gets no image of ours: it is told to boot its own disk, on which nothing is.
  const off = await op.lastSeq();
  await op.control(machine, 'power', 'POST', { do: 'On' });
  const later = async () => (await op.effects(machine, off)).map(({ effect }) => effect);
  await expect.poll(later).toContain('no-boot-device');
  expect(await later()).not.toContain('bootstrap-booted');
  expect(await op.machine(machine.id)).toMatchObject({ stage: 'retired', hostname: null });
});

const bmcOf = async (machine: FleetMachine) =>
  (await whole.up.mdb.select().from(bmcs).where(eq(bmcs.machineId, machine.id)))[0];
