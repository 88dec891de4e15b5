/** The clean between agent and MDB: what is told, what is believed, and when the owner changes. */
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCleanActivities } from '../../activities/clean/index.ts';
import type { EraseMethod } from '../../domain/machine.ts';
import { audit, disks, erasures, machines, orders, outbox, steps } from '../../mdb/schema.ts';
import {
  type AgentServer,
  type Born,
  bear,
  giveToken,
  greeting,
  describe as inventory,
  recordLine,
  startAgentServer,
} from '../api/agents.ts';
import { writeSite } from '../support/site.ts';

let server: AgentServer;
let activities: ReturnType<typeof createCleanActivities>;

beforeAll(async () => {
  server = await startAgentServer();
  await writeSite(server.mdb);
  activities = createCleanActivities(server.mdb);
});
afterAll(() => server?.close());

const start = (step: string) => ({ step, ordinal: 30, owner: 'hardware', limit: 60_000 });
const gone = { sampled: 16, survived: 0, blank: 16, seconds: '1.5', words: 'it says so' };

interface Cleaned extends Born {
  readonly session: string;
  readonly order: { machineId: string; siteId: string; orderId: string; passage: 'clean' };
}

/** A machine of the owner `old`, in service, with the order to clean it; its agent has said hello and told its parts. */
async function cleaning(request: object = { owner: 'new' }, more = ''): Promise<Cleaned> {
  const born = await bear(server.mdb);
  const { machineId } = born;
  const orderId = `clean-${machineId}`;
  await server.mdb.update(orders).set({ state: 'done' }).where(eq(orders.id, born.orderId));
  const order = {
    id: orderId,
    machineId,
    passage: 'clean',
    requester: 'ann',
    reason: 'next',
    state: 'running',
  } as const;
  await server.mdb.insert(orders).values({ ...order, request: { ...request }, startedAt: new Date() });
  for (const stage of ['registered', 'configured', 'profiled', 'deployed', 'in_service'] as const)
    await server.mdb.update(machines).set({ stage, owner: 'old' }).where(eq(machines.id, machineId));
  await server.mdb
    .update(machines)
    .set({ bootState: 'healthy', opState: 'production' })
    .where(eq(machines.id, machineId));
  const reference = { machineId, siteId: 'home', orderId, passage: 'clean' } as const;
  await activities.bootClean({ ...reference, next: start('boot') });
  const session = await boot({ ...born, orderId }, more);
  return { ...born, orderId, session, order: reference };
}

async function boot(born: Born, more = ''): Promise<string> {
  const token = await giveToken(server.mdb, born.machineId, born.orderId);
  const { records } = await server.ask('POST', '/agent/hello', token, greeting);
  const session = records[0]?.fields['token'] ?? '';
  const reported = await server.ask('POST', '/agent/inventory', session, `${inventory(born)}${more}`);
  expect(reported.status, reported.reason).toBe(200);
  return session;
}

const second = (name: string, serial: string) =>
  recordLine('disk', { name, serial, bytes: 1e9, rotational: 0, content: 'ext4' });
const machineOf = async ({ machineId }: Born) =>
  (await server.mdb.select().from(machines).where(eq(machines.id, machineId)))[0];
const told = (born: Born) =>
  server.mdb
    .select()
    .from(outbox)
    .where(and(eq(outbox.machineId, born.machineId), eq(outbox.kind, 'report')));
const direct = (clean: Cleaned, more: object = {}) =>
  activities.directErase({ ...clean.order, next: start('erase'), ...more });
const prove = (clean: Cleaned, more: object = {}) =>
  activities.proveErased({ ...clean.order, next: start('prove'), ...more });
const post = (clean: Cleaned, body: string, session = clean.session) =>
  server.ask('POST', '/agent/erased', session, body);

function disk(serial: string, method: EraseMethod, state: string, more: object = {}): string {
  return recordLine('disk', { serial, name: 'sda', method, state, ...more });
}

describe('the agent is told', () => {
  it('which disks to erase and how, each in a record of its own', async () => {
    const clean = await cleaning({ owner: 'new' }, second('nvme0n1', 'NV1'));
    expect(await direct(clean)).toMatchObject({ disks: 2, state: { stage: 'registered', opState: 'disabled' } });
    const { records } = await server.ask('GET', '/agent/next?wait=0', clean.session);
    expect(records.map(({ kind }) => kind)).toEqual(['directive', 'disk1', 'disk2']);
    expect(records[0]?.fields).toMatchObject({
      do: 'erase',
      seed: clean.orderId,
      mark: (await machineOf(clean))?.mark,
    });
    expect(records[1]?.fields).toEqual({ serial: `D-${clean.machineId}`, method: 'ata-secure-erase' });
    expect(records[2]?.fields).toEqual({ serial: 'NV1', method: 'nvme-format' });
  });

  it('the order’s method for every disk, and by a person another', async () => {
    const clean = await cleaning({ owner: 'new', method: 'crypto' });
    await direct(clean);
    expect((await machineOf(clean))?.directive).toMatchObject({ disks: [{ method: 'crypto' }] });
    await direct(clean, { answer: { answer: 'method:overwrite', by: 'bob' } });
    expect((await machineOf(clean))?.directive).toMatchObject({ disks: [{ method: 'overwrite' }] });
    expect(await direct(clean, { answer: { answer: 'method:prayer', by: 'bob' } })).toMatchObject({
      question: { fault: 'clean/not-erased', reason: expect.stringContaining('"prayer" is no method') },
    });
  });

  it('nothing while it shows another identity than before, until a person says that it is the one', async () => {
    const clean = await cleaning();
    const other = inventory(clean, {
      system: recordLine('system', { vendor: 'Acme', serial: 'OTHER', uuid: '11111111-2222-4333-8444-555555555555' }),
    });
    await server.ask('POST', '/agent/inventory', clean.session, other);
    expect(await direct(clean)).toMatchObject({
      question: { fault: 'clean/identity', choices: ['erase', 'retry', 'abandon'] },
    });
    expect(await machineOf(clean)).toMatchObject({ stage: 'maintenance', directive: { do: 'wait' } });
    expect(await direct(clean, { known: true })).toMatchObject({ disks: 1 });
  });
});

describe('what the agent tells', () => {
  it('is refused where it was not asked: another disk, another method, no erasing at all', async () => {
    const clean = await cleaning();
    const serial = `D-${clean.machineId}`;
    expect(await post(clean, disk(serial, 'overwrite', 'begun'))).toMatchObject({
      status: 409,
      reason: 'nothing is to be erased now',
    });
    await direct(clean);
    expect(await post(clean, disk('OTHER', 'ata-secure-erase', 'begun'))).toMatchObject({ status: 409 });
    expect(await post(clean, disk(serial, 'overwrite', 'begun'))).toMatchObject({ status: 409 });
    expect(await server.mdb.select().from(erasures).where(eq(erasures.orderId, clean.orderId))).toEqual([]);
  });

  it.each([
    ['a method that is none', disk('D', 'hope' as EraseMethod, 'done')],
    ['a state that is none', disk('D', 'crypto', 'fine')],
    ['blocks that are none', disk('D', 'crypto', 'done', { blocks: 'abc' })],
    ['more survivors than there can be', disk('D', 'crypto', 'done', { survived: 99 })],
    ['nothing', recordLine('step', { name: 'erase' })],
  ])('is answered 400 for %s', async (_what, body) => {
    const clean = await cleaning();
    await direct(clean);
    expect(await post(clean, body)).toMatchObject({ status: 400 });
  });

  it('adds up over a loss of power: the key that opened it before is gone by the order’s own doing', async () => {
    const clean = await cleaning({ owner: 'new', method: 'crypto' });
    const serial = `D-${clean.machineId}`;
    await direct(clean);
    await post(clean, disk(serial, 'crypto', 'begun', { opened: 1 }));
    const session = await boot(clean);
    expect(await direct(clean)).toMatchObject({ disks: 1 });
    const { records } = await server.ask('GET', '/agent/next?wait=0', session);
    expect(records[1]?.fields).toEqual({ serial, method: 'crypto', begun: '1' });
    await post(clean, disk(serial, 'crypto', 'done', { ...gone, blank: 0, key_gone: 1 }), session);
    expect(await prove(clean)).toMatchObject({ note: '1 disk proven erased' });
  });

  it('is sent to the workflow once, when all is done', async () => {
    const clean = await cleaning();
    await direct(clean);
    const done = disk(`D-${clean.machineId}`, 'ata-secure-erase', 'done', gone);
    await post(clean, done);
    const seq = (await machineOf(clean))?.directiveSeq ?? 0;
    const end = recordLine('erased', { seq, seconds: 2 });
    for (const _ of [1, 2]) expect(await post(clean, end)).toMatchObject({ status: 200 });
    // The answer was lost, and meanwhile it is to erase once more: this end is not that one's.
    await direct(clean, { answer: { answer: 'method:overwrite', by: 'bob' } });
    await server.mdb
      .update(machines)
      .set({ directiveSeq: seq + 2 })
      .where(eq(machines.id, clean.machineId));
    expect(await post(clean, end)).toMatchObject({ status: 200 });
    expect((await told(clean)).map(({ payload }) => payload['kind'])).toEqual(['inventory', 'erased']);
    expect(await server.mdb.select().from(disks).where(eq(disks.machineId, clean.machineId))).toMatchObject([
      { content: 'blank', mark: null },
    ]);
  });
});

describe('the owner', () => {
  it('stays the old one until every disk has its proof, and changes once', async () => {
    const clean = await cleaning({ owner: 'new' }, second('nvme0n1', 'NV2'));
    const serial = `D-${clean.machineId}`;
    await direct(clean);
    expect(await prove(clean)).toMatchObject({
      question: { reason: expect.stringContaining('nothing shows that it was erased') },
    });
    await post(clean, disk(serial, 'ata-secure-erase', 'done', gone));
    await post(clean, disk('NV2', 'nvme-format', 'done', { ...gone, survived: 2 }));
    expect(await prove(clean)).toMatchObject({
      question: { fault: 'clean/not-erased', reason: expect.stringContaining('2 of 16') },
    });
    expect((await machineOf(clean))?.owner).toBe('old');
    // Only what has no proof is erased again.
    expect(await direct(clean)).toMatchObject({ disks: 1 });
    await post(clean, disk('NV2', 'nvme-format', 'done', gone));
    for (const _ of [1, 2]) expect(await prove(clean)).toMatchObject({ note: '2 disks proven erased' });
    expect(await machineOf(clean)).toMatchObject({ owner: 'new', keyStore: null, keyFingerprint: null });
    const proven = and(eq(audit.machineId, clean.machineId), eq(audit.action, 'clean.proven'));
    expect(await server.mdb.select().from(audit).where(proven)).toHaveLength(1);
    expect(await direct(clean)).toMatchObject({ disks: 0 });
  });

  it('I-8: is not given while storage was left out or not seen, but by the word of a person', async () => {
    const clean = await cleaning({ owner: 'new' }, recordLine('disk', { name: 'sdb', serial: 'X1', bytes: -5 }));
    await direct(clean);
    await post(clean, disk(`D-${clean.machineId}`, 'ata-secure-erase', 'done', gone));
    const question = { fault: 'clean/unseen', reason: expect.stringContaining('sdb') };
    expect(await prove(clean)).toMatchObject({ question });
    expect((await machineOf(clean))?.owner).toBe('old');
    const answer = { answer: 'nothing-there', by: 'ann' };
    expect(await prove(clean, { answer })).toMatchObject({ note: '1 disk proven erased' });
  });

  it('waits for a person’s word on a disk that was once there, and for a new word when it was seen again', async () => {
    const clean = await cleaning({ owner: 'new' }, second('sdb', 'LOST'));
    const session = await boot(clean);
    await direct(clean);
    await post(clean, disk(`D-${clean.machineId}`, 'ata-secure-erase', 'done', gone), session);
    const held = await prove(clean);
    expect(held).toMatchObject({ question: { fault: 'clean/absent-disks', choices: ['vouch', 'retry', 'abandon'] } });
    expect(held).toMatchObject({ question: { reason: expect.stringContaining('sdb (serial LOST)') } });
    const proven = await prove(clean, { answer: { answer: 'vouch', by: 'bob' } });
    expect(proven).toMatchObject({ note: '2 disks proven erased' });
    const lost = and(eq(erasures.orderId, clean.orderId), eq(erasures.serial, 'LOST'));
    expect(await server.mdb.select().from(erasures).where(lost)).toMatchObject([
      { state: 'vouched', method: 'none', evidence: { vouchedBy: 'bob' } },
    ]);
  });

  it('is told where a disk is now, if it is in another machine', async () => {
    const clean = await cleaning({ owner: 'new' }, second('sdb', 'MOVED'));
    const other = await bear(server.mdb);
    await boot({ ...other }, second('sdb', 'MOVED'));
    const session = await boot(clean);
    await direct(clean);
    await post(clean, disk(`D-${clean.machineId}`, 'ata-secure-erase', 'done', gone), session);
    expect(await prove(clean)).toMatchObject({
      question: { reason: expect.stringContaining(`now in ${other.machineId}`) },
    });
  });
});

describe('the rest of the passage', () => {
  it('boots only a machine that was born, and says so', async () => {
    const born = await bear(server.mdb);
    const order = { machineId: born.machineId, siteId: 'home', orderId: born.orderId, passage: 'clean' } as const;
    expect(await activities.bootClean({ ...order, next: start('boot') })).toMatchObject({
      question: { fault: 'clean/not-born' },
    });
  });

  it('installs the proven machine by way of the stages of a birth, also after it booted anew', async () => {
    const clean = await cleaning();
    await direct(clean);
    await post(clean, disk(`D-${clean.machineId}`, 'ata-secure-erase', 'done', gone));
    await prove(clean);
    await server.mdb
      .update(machines)
      .set({ hostname: `h-${clean.machineId}`, address: '10.1.9.9' })
      .where(eq(machines.id, clean.machineId));
    const install = () => activities.directReinstall({ ...clean.order, next: start('deploy') });
    expect(await install()).toMatchObject({ state: { stage: 'profiled' } });
    expect(await machineOf(clean)).toMatchObject({ requiredImage: 'compute-1', directive: { do: 'install' } });
    await server.mdb.update(machines).set({ stage: 'deployed' }).where(eq(machines.id, clean.machineId));
    expect(await install()).toMatchObject({ state: { stage: 'profiled' } });
    expect(await server.mdb.select().from(steps).where(eq(steps.orderId, clean.orderId))).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'prove', state: 'done' })]),
    );
  });

  it('plans in words what it would do, and does nothing', async () => {
    const clean = await cleaning({ owner: 'new' }, second('nvme0n1', 'NV3'));
    expect(await activities.planClean(clean.order)).toEqual([
      `erase disk D-${clean.machineId} by ata-secure-erase`,
      'erase disk NV3 by nvme-format',
    ]);
    expect(await machineOf(clean)).toMatchObject({ stage: 'maintenance', directive: { do: 'wait' } });
  });
});
