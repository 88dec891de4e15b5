import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMirroring } from '../../activities/tickets/index.ts';
import { connectionFolder } from '../../integrations/http/connection.ts';
import { OutsideError } from '../../integrations/http/errors.ts';
import { backOff, paceOf } from '../../integrations/tickets/pacing.ts';
import { sign } from '../../integrations/webhook.ts';
import { acting } from '../../mdb/acting.ts';
import { answerStep } from '../../mdb/people/answering.ts';
import { closeHumanStep, openHumanStep, openTicket, remindHumanStep } from '../../mdb/people/people.ts';
import { closeByPerson, listTickets, readTicket } from '../../mdb/people/tickets.ts';
import {
  hookDeliveries,
  humanSteps,
  ignoredAnswers,
  machines,
  orders,
  outbox,
  ticketMirrors,
  ticketNotes,
  ticketRoutes,
  tickets,
} from '../../mdb/schema.ts';
import { createHooks } from '../../workers/hooks.ts';
import { startMirrorLoop } from '../../workers/mirror.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { type FakeServer, serveFake } from '../support/outside.ts';
import { writeSite } from '../support/site.ts';
import { type FakeTickets, fakeGithub, fakeService } from './fakes.ts';

const actor = { class: 'system', name: 'birth' } as const;
const key = 'key-canary-of-16-characters';
let base: ThrowawayMdb;
let folder: string;
let inbox: FakeTickets;
let server: FakeServer;

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-tickets-'));
  await writeSite(base.mdb);
  await base.mdb
    .insert(machines)
    .values({ id: 'm-1', siteId: 'home', mac: 'a4:bf:01:00:00:01', rackId: 'A01', unit: 3 });
  await base.mdb.insert(orders).values({
    id: 'o-1',
    machineId: 'm-1',
    passage: 'birth',
    requester: 'ann',
    reason: 'new',
    state: 'running',
  });
});
afterAll(async () => {
  await base.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  inbox = fakeService();
  server = await serveFake(inbox.handle);
  await writeFile(join(folder, 'desk'), JSON.stringify({ origin: server.origin, key }));
  await base.mdb.insert(ticketRoutes).values({ siteId: 'home', team: '*', adapter: 'webhook', secretRef: 'desk' });
});
afterEach(async () => {
  await server.close();
  for (const table of [
    ticketMirrors,
    ticketNotes,
    ticketRoutes,
    humanSteps,
    tickets,
    ignoredAnswers,
    outbox,
    hookDeliveries,
  ])
    await base.mdb.delete(table);
});

const mirroring = () => createMirroring(base.mdb, connectionFolder(folder));
const inTx = <T>(work: Parameters<typeof acting<T>>[3]) => acting(base.mdb, actor, null, work);
/** Everything is due now; then one round of all systems. */
const round = async () => {
  await base.mdb.update(ticketMirrors).set({ nextAt: sql`now()` });
  const mirror = mirroring();
  for (const lane of await mirror.lanes()) await mirror.run(lane);
};
const ask = (number = 1, more: object = {}) =>
  inTx((tx) =>
    openHumanStep(tx, {
      id: `o-1:register:${number}`,
      machineId: 'm-1',
      orderId: 'o-1',
      step: 'register',
      owner: 'network',
      fault: `register/fault-${number}`,
      reason: 'No switch port leads to it.',
      choices: ['retry', 'wipe', 'abandon'],
      remindAfter: 86_400_000,
      ...more,
    }),
  );
const mirror = async () => (await base.mdb.select().from(ticketMirrors))[0];
const issue = () => {
  const [one] = inbox.issues;
  if (!one) throw new Error('nothing is mirrored');
  return one;
};
const answers = async () =>
  (await base.mdb.select({ payload: outbox.payload }).from(outbox)).map(({ payload }) => payload);
/** What is asked is done over there, and nobody hears of it. */
const lose = (what: string) => {
  server.trouble = (one) => {
    if (one.body.do !== what) return undefined;
    inbox.handle(one);
    return { status: 502, body: {} };
  };
};
const did = (what: string) => server.requests.filter(({ body }) => body.do === what).length;

describe('a mirrored ticket', () => {
  it('is made once, told of reminders and of the answer, and closed', async () => {
    const ticketId = await ask();
    await round();
    await round();
    expect(inbox.issues).toHaveLength(1);
    expect(issue()).toMatchObject({ title: 'm-1: register/fault-1', open: true });
    expect(issue().body).toContain('place: rack A01 unit 3');
    expect(issue().body).toContain('closing this ticket answers: retry');
    await base.mdb.update(humanSteps).set({ remindAt: sql`now()` });
    await inTx((tx) => remindHumanStep(tx, 'o-1:register:1', 86_400_000));
    await round();
    await round();
    expect(issue().comments.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^Reminder 1, to network: No switch port.*\[farrier note \d+\]$/s),
    ]);
    await inTx((tx) => closeHumanStep(tx, 'o-1:register:1', 'retry', 'ann', { note: 'moved the cable' }));
    await round();
    expect(issue().open).toBe(false);
    expect(issue().comments).toHaveLength(2);
    expect((await listTickets(base.mdb, { limit: 1 }))[0]).toMatchObject({
      id: ticketId,
      closedBy: 'ann',
      closedWhy: 'answered: retry',
      url: expect.stringContaining('desk.example'),
    });
    const requestCount = server.requests.length;
    await round();
    expect(server.requests).toHaveLength(requestCount);
  });

  it('is not made twice when nobody heard that it was made', async () => {
    await ask();
    // It is made, and the answer is lost.
    lose('create');
    await round();
    server.trouble = null;
    expect(await mirror()).toMatchObject({ outsideId: null, error: expect.stringContaining('502') });
    await round();
    expect(inbox.issues).toHaveLength(1);
    expect(await mirror()).toMatchObject({ outsideId: issue().id, error: null });
  });

  it('T-1: is not made twice where what was made does not show its marker, and the fault is reported', async () => {
    await ask();
    server.trouble = (one) => {
      if (one.body.do === 'find') return { body: { ticket: null } };
      if (one.body.do !== 'create') return undefined;
      return { body: { ...(inbox.handle(one).body as object), marker: 'of-another' } };
    };
    await round();
    expect((await mirror())?.error).toContain('does not show what it is found again by');
    await round();
    expect(did('create')).toBe(1);
    expect(inbox.issues).toHaveLength(1);
    expect(await mirror()).toMatchObject({ outsideId: inbox.issues[0]?.id });
  });

  it('is not made twice while the search over there lags behind', async () => {
    await ask();
    lose('create');
    await round();
    server.trouble = (one) => (one.body.do === 'find' ? { body: { ticket: null } } : undefined);
    await round();
    expect(did('create')).toBe(1);
    expect((await mirror())?.error).toContain('may have been made');
    // Long after, what is not found was not made.
    await base.mdb.update(ticketMirrors).set({ triedAt: sql`now() - interval '2 minutes'` });
    server.trouble = null;
    await round();
    expect(inbox.issues).toHaveLength(1);
  });

  it('does not comment twice when nobody heard that it was told', async () => {
    await ask();
    await round();
    await base.mdb.update(humanSteps).set({ remindAt: sql`now()` });
    await inTx((tx) => remindHumanStep(tx, 'o-1:register:1', 86_400_000));
    lose('comment');
    await round();
    server.trouble = null;
    await round();
    expect(issue().comments).toHaveLength(1);
    expect(await mirror()).toMatchObject({ error: null });
  });

  it('answers its question when it is closed over there, once', async () => {
    await ask();
    await round();
    Object.assign(issue(), { open: false, closedBy: 'hana' });
    await round();
    await round();
    expect(await answers()).toEqual([
      { step: 'o-1:register:1', answer: 'retry', by: 'hana@webhook', note: expect.stringContaining('closed at') },
    ]);
    expect(issue().open).toBe(false);
  });

  it('is opened again where closing says too little, or the word over there is not enough', async () => {
    await ask(1, { onClose: null });
    await round();
    Object.assign(issue(), { open: false, closedBy: 'hana' });
    await round();
    await round();
    expect(issue().open).toBe(true);
    expect(issue().comments[0]?.text).toMatch(/^Opened again: closing could mean retry or wipe or abandon/);
    expect(await answers()).toEqual([]);
    await base.mdb.update(humanSteps).set({ onClose: 'wipe', roles: ['admin'] });
    Object.assign(issue(), { open: false });
    await round();
    expect(issue().open).toBe(true);
    expect(await answers()).toEqual([]);
    expect(await base.mdb.select({ why: ignoredAnswers.why }).from(ignoredAnswers)).toEqual([
      { why: expect.stringContaining('is for admin to answer') },
    ]);
  });

  it('hears comments, and the answers in them', async () => {
    await ask();
    await round();
    issue().comments.push({ id: 1, by: 'hana', text: 'I look at it' });
    issue().comments.push({ id: 2, by: 'hana', text: '/farrier maybe' });
    issue().comments.push({ id: 3, by: 'hana', text: '/farrier abandon\nthe board is dead' });
    await round();
    await round();
    expect(await answers()).toEqual([{ step: 'o-1:register:1', answer: 'abandon', by: 'hana@webhook' }]);
    const { notes } = (await readTicket(base.mdb, 'T-o-1:register:1')) ?? { notes: [] };
    expect(notes.map(({ by, text, origin }) => [by, text.split('\n')[0], origin])).toEqual([
      ['hana@webhook', 'I look at it', 'outside'],
      ['hana@webhook', '/farrier maybe', 'outside'],
      ['hana@webhook', '/farrier abandon', 'outside'],
    ]);
    expect(did('comment')).toBe(0);
    expect(await base.mdb.$count(ignoredAnswers)).toBe(1);
  });

  it('closes with its ticket over there when it asks nothing, and is made anew when it was deleted', async () => {
    const id = await inTx((tx) =>
      openTicket(tx, { id: 'T-x', machineId: 'm-1', fault: 'fan', title: 'fan', body: 'b' }),
    );
    await round();
    issue().gone = true;
    await round();
    await round();
    await base.mdb.update(ticketMirrors).set({ triedAt: sql`now() - interval '2 minutes'` });
    await round();
    expect(inbox.issues).toHaveLength(2);
    Object.assign(inbox.issues[1] ?? {}, { open: false, closedBy: 'hana' });
    await round();
    await round();
    const [ticket] = await listTickets(base.mdb, { id, limit: 1 });
    expect(ticket).toMatchObject({ closedBy: 'hana@webhook' });
    expect(await mirror()).toMatchObject({ doneAt: expect.any(Date) });
  });

  it('is one for a machine and fault, however often it is opened', async () => {
    const row = { machineId: 'm-1', fault: 'fan', title: 'fan', body: 'b' };
    const ids = await Promise.all(['T-a', 'T-b', 'T-c'].map((id) => inTx((tx) => openTicket(tx, { ...row, id }))));
    expect(new Set(ids).size).toBe(1);
    await round();
    expect(inbox.issues).toHaveLength(1);
  });
});

describe('a ticket system in trouble', () => {
  it('holds up its own tickets only, and is asked ever less', async () => {
    const github = fakeGithub();
    const other = await serveFake(github.handle);
    await writeFile(join(folder, 'gh'), JSON.stringify({ origin: other.origin, token: 'token-canary' }));
    await base.mdb.insert(ticketRoutes).values({
      siteId: 'home',
      team: 'network',
      adapter: 'github',
      secretRef: 'gh',
      settings: { repo: 'ops/racks' },
    });
    await ask(1);
    for (const id of ['T-a', 'T-b', 'T-c'])
      await inTx((tx) => openTicket(tx, { id, machineId: 'm-1', fault: id, title: id, body: 'b' }));
    server.trouble = () => ({ status: 503, body: {} });
    await round();
    expect(github.issues).toHaveLength(1);
    expect(server.requests.length).toBeLessThanOrEqual(3);
    const behind = await base.mdb.select().from(ticketMirrors).where(eq(ticketMirrors.secretRef, 'desk'));
    expect(behind.map(({ error }) => error)).toEqual(Array(3).fill(expect.stringContaining('503')));
    // Answers go their way without it.
    expect(
      await answerStep(
        base.mdb,
        { class: 'user', name: 'ann', role: 'operator' },
        { step: 'o-1:register:1', answer: 'retry' },
      ),
    ).toBe(true);
    server.trouble = null;
    await round();
    expect(inbox.issues).toHaveLength(3);
    await other.close();
  });

  it('is tried again by a pace that fits the trouble', () => {
    const down = new OutsideError('unreachable', 'x');
    expect([1, 2, 3, 20].map((attempts) => backOff(attempts, down))).toEqual([5, 10, 20, 600]);
    expect(backOff(1, new OutsideError('refused', 'x'))).toBe(300);
    expect(backOff(9, new OutsideError('busy', 'x', { retryAfter: 30 }))).toBe(30);
    expect([1, 60, 5000].map(paceOf)).toEqual([120, 120, 10_000]);
  });

  it('is mirrored to by a loop that goes on after what it meets', async () => {
    await ask();
    let lanes = 0;
    const real = mirroring();
    const loop = startMirrorLoop({
      idleMs: 5,
      log: { warn: () => {} },
      mirroring: {
        run: real.run,
        lanes: async () => {
          lanes += 1;
          if (lanes === 1) throw new Error('the MDB restarts');
          return real.lanes();
        },
      },
    });
    await expect.poll(() => inbox.issues.length).toBe(1);
    await loop.stop();
  });
});

describe('closing a ticket by hand', () => {
  const ann = { class: 'user', name: 'ann', role: 'operator' } as const;
  it('answers its question, and says where it would have to guess', async () => {
    const id = await ask(1, { onClose: null });
    expect(await closeByPerson(base.mdb, ann, { id, why: 'done' })).toMatchObject({ code: 'invalid', field: 'answer' });
    expect(await closeByPerson(base.mdb, { ...ann, role: 'viewer' }, { id, why: 'done' })).toMatchObject({
      code: 'forbidden',
    });
    expect(await closeByPerson(base.mdb, ann, { id, why: 'done', answer: 'retry' })).toBe('answered');
    expect(await answers()).toMatchObject([{ answer: 'retry', by: 'ann', note: 'done' }]);
    expect(await closeByPerson(base.mdb, ann, { id: 'T-none', why: 'x' })).toMatchObject({ code: 'not-found' });
  });
});

describe('messages of ticket systems', () => {
  const at = new Date('2026-11-21T08:00:00Z');
  const later = (seconds: number) => new Date(at.getTime() + seconds * 1000);
  let now = at;
  const app = () =>
    createHooks({
      mdb: base.mdb,
      connections: connectionFolder(folder),
      log: pino({ level: 'silent' }),
      clock: () => now,
    });
  const post = async (lane: string, payload: string | Buffer, headers: Record<string, string>) => {
    const hooks = app();
    const { statusCode } = await hooks.inject({
      method: 'POST',
      url: `/hooks/tickets/${lane}`,
      payload,
      headers: { 'content-type': 'application/json', ...headers },
    });
    await hooks.close();
    return statusCode;
  };

  it('make the ticket be looked at, when they are genuine, once', async () => {
    await ask();
    await round();
    await base.mdb.update(ticketMirrors).set({ nextAt: sql`now() + interval '1 hour'` });
    const body = JSON.stringify({ ticket: issue().id });
    now = at;
    const headers = { 'farrier-signature': sign(key, body, at) };
    expect(await post('desk', body, headers)).toBe(202);
    expect((await mirror())?.nextAt.getTime()).toBeLessThan(Date.now() + 1000);
    expect(await post('desk', body, headers)).toBe(409);
    expect(
      await post('desk', JSON.stringify({ ticket: 'D999' }), {
        'farrier-signature': sign(key, '{"ticket":"D999"}', at),
      }),
    ).toBe(202);
  });

  it('are refused otherwise', async () => {
    const body = '{"ticket":"D101"}';
    const good = sign(key, body, at);
    now = at;
    const wrong: [string, string, Record<string, string>][] = [
      ['desk', body, {}],
      ['desk', body, { 'farrier-signature': sign('another-key-of-16-chars', body, at) }],
      ['desk', '{"ticket": "D101"}', { 'farrier-signature': good }],
      ['desk', body, { 'farrier-signature': good.toUpperCase() }],
      ['desk', body, { 'farrier-signature': good.replace('v1=', 'v0=') }],
      ['nobody', body, { 'farrier-signature': good }],
      ['..%2fdesk', body, { 'farrier-signature': good }],
    ];
    for (const [lane, payload, headers] of wrong) expect(await post(lane, payload, headers)).toBe(401);
    for (const seconds of [-360, 360]) {
      now = later(seconds);
      expect(await post('desk', body, { 'farrier-signature': good })).toBe(401);
    }
    now = at;
    expect(await post('desk', Buffer.alloc(2_000_000), { 'farrier-signature': good })).toBe(413);
    await writeFile(join(folder, 'desk'), JSON.stringify({ origin: server.origin }));
    expect(await post('desk', body, { 'farrier-signature': sign('', body, at) })).toBe(401);
    expect(await base.mdb.$count(hookDeliveries)).toBe(0);
  });

  it('are known by the marks of GitHub, GitLab and Jira', async () => {
    await writeFile(join(folder, 'gh'), JSON.stringify({ origin: server.origin, token: 't', key }));
    const body = JSON.stringify({ action: 'closed', issue: { number: 101, key: 'OPS-1', iid: 4 } });
    const digest = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
    const marks = [
      [
        'github',
        { 'x-hub-signature-256': digest, 'x-github-delivery': 'd1' },
        { 'x-hub-signature-256': digest.replace('sha256', 'sha1') },
      ],
      [
        'jira',
        { 'x-hub-signature': digest, 'x-atlassian-webhook-identifier': 'd1' },
        { 'x-hub-signature': `${digest}00` },
      ],
      ['gitlab', { 'x-gitlab-token': key, 'x-gitlab-event-uuid': 'd1' }, { 'x-gitlab-token': `${key} x` }],
    ] as const;
    for (const [adapter, good, bad] of marks) {
      await base.mdb.insert(ticketRoutes).values({ siteId: 'home', team: adapter, adapter, secretRef: 'gh' });
      expect(await post('gh', body, bad)).toBe(401);
      expect(await post('gh', body, good)).toBe(202);
      expect(await post('gh', body, good)).toBe(409);
      await base.mdb.delete(ticketRoutes).where(eq(ticketRoutes.team, adapter));
    }
  });
});
