import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { tellChanges } from '../../api/people/following.ts';
import { createPeopleApi } from '../../api/people/server.ts';
import { openEventStream } from '../../api/people/stream.ts';
import { forgetChanges, readChanges, readEnd } from '../../mdb/api/changes.ts';
import { connectMdb, type MdbConnection } from '../../mdb/connect.ts';
import { revokeToken } from '../../mdb/people/tokens.ts';
import {
  campaignMachines,
  campaigns,
  changeLog,
  humanSteps,
  machines,
  orders,
  permits,
  steps,
  tags,
  tickets,
} from '../../mdb/schema.ts';
import { everywhere, inPool, makeToken } from './accounts.ts';
import { openEvents } from './reader.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
let own: MdbConnection;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let url: string;
const open: Awaited<ReturnType<typeof openEvents>>[] = [];

beforeAll(async () => {
  served = await servePeople();
  own = connectMdb({ url: served.base.url, name: 'following' });
  app = await createPeopleApi({ ...served.options, listen: own.listen });
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/api/v1/changes`;
  await served.base.mdb.execute(sql`
    insert into machines (id, site_id, mac, hostname, pool)
    select 'm-' || lpad(n::text, 12, '0'), 'home', lpad(to_hex(n + 1099511627776 * 2), 12, '0')::macaddr, 'host-' || n,
      case when n <= 10 then 'gpu' else 'general' end from generate_series(1, 3000) n`);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  await app?.close();
  await own?.close();
  await served?.close();
});

const machine = (n: number) => `m-${String(n).padStart(12, '0')}`;

async function follow(query = '', lastEventId?: string) {
  const reader = await openEvents(`${url}${query}`, lastEventId);
  open.push(reader);
  if (reader.status === 200)
    await vi.waitFor(() => expect(reader.events.some(({ event }) => event === 'ready')).toBe(true), 20_000);
  return reader;
}
type Reader = Awaited<ReturnType<typeof follow>>;

const until = (look: () => void) => vi.waitFor(look, { timeout: 20_000, interval: 50 });
const ids = ({ events }: Reader, event: string) =>
  events.filter((one) => one.event === event).map(({ data }) => data['id']);
const hold = (n: number, why: string | null) =>
  served.base.mdb
    .update(machines)
    .set({ held: why })
    .where(eq(machines.id, machine(n)));

/** Until all that changed may be read: a transaction that is open in any database of the server holds it up. */
const settled = () =>
  vi.waitFor(
    async () => {
      const { transaction } = await readEnd(served.base.mdb);
      const [last] = await served.base.mdb.execute<{ last: string }>(sql`select max(transaction) as last from changes`);
      expect(transaction).toBeGreaterThan(Number(last?.last ?? 0));
    },
    { timeout: 20_000, interval: 50 },
  );

describe('who follows', () => {
  it('is told of all that changes, and how the machine stands then', async () => {
    const { mdb } = served.base;
    const reader = await follow();
    expect(reader.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(reader.headers.get('farrier-api')).toBe('1');
    const machineId = machine(1);
    await hold(1, 'a fan');
    await mdb.insert(orders).values({ id: 'o-1', machineId, passage: 'drain', requester: 'ann', reason: 'r' });
    const limitAt = new Date(Date.now() + 60_000);
    await mdb
      .insert(steps)
      .values({ orderId: 'o-1', name: 'drain', source: 'passage', ordinal: 1, owner: 'farrier', limitAt });
    await mdb.insert(tickets).values({ id: 't-1', machineId, fault: 'fan', title: 't', body: 'b' });
    await mdb.insert(humanSteps).values({
      ...{ id: 'q-1', machineId, orderId: 'o-1', step: 'drain', ticketId: 't-1', owner: 'dc', question: '?' },
      ...{ choices: ['yes'], remindAt: limitAt },
    });
    await mdb.insert(permits).values({ id: 'p-1', semaphore: 's', machineId, class: 'repair' });
    await mdb.execute(sql`insert into campaigns (id, selector, passage, request, reason, requester, pace, hash, halt_at, groups)
      values ('c-1', 'all', 'drain', '{}', 'r', 'ann', '{}', 'x', 1, '[]')`);
    await until(() => {
      for (const [event, id] of [
        ...[
          ['order', 'o-1'],
          ['step', 'o-1'],
          ['ticket', 't-1'],
          ['question', 'q-1'],
          ['permit', 'p-1'],
          ['campaign', 'c-1'],
        ],
      ] as const)
        expect(ids(reader, event ?? ''), event).toContain(id);
      const last = reader.events.filter(({ event }) => event === 'machine').at(-1);
      expect(last?.data).toMatchObject({ id: machineId, machine: { held: 'a fan', passage: 'drain', step: 'drain' } });
    });
    expect(await mdb.select().from(campaigns)).toHaveLength(1);
  });

  it('is told nothing of what says nothing', async () => {
    const reader = await follow();
    await served.base.mdb
      .update(machines)
      .set({ lastSeenAt: new Date() })
      .where(eq(machines.id, machine(2)));
    await hold(3, 'it says something');
    await until(() => expect(ids(reader, 'machine')).toEqual([machine(3)]));
  });

  it('is told only of kinds that it asks for', async () => {
    const reader = await follow('?kinds=order');
    await hold(4, 'x');
    await served.base.mdb.update(orders).set({ reason: 'another' }).where(eq(orders.id, 'o-1'));
    await until(() => expect(ids(reader, 'order')).toEqual(['o-1']));
    expect(ids(reader, 'machine')).toEqual([]);
  });

  it('is told of machines that a selector means, and which it means no longer', async () => {
    const reader = await follow('?selector=pool%3Dgpu');
    await hold(20, 'of another pool');
    await hold(5, 'of this');
    await served.base.mdb
      .update(machines)
      .set({ pool: 'gpu' })
      .where(eq(machines.id, machine(21)));
    await until(() => expect(ids(reader, 'machine')).toEqual([machine(5), machine(21)]));
    await served.base.mdb
      .update(machines)
      .set({ pool: 'general' })
      .where(eq(machines.id, machine(21)));
    await until(() => expect(ids(reader, 'left')).toEqual([machine(21)]));
    await hold(21, 'no longer theirs');
    await hold(6, 'the last');
    await until(() => expect(ids(reader, 'machine').at(-1)).toBe(machine(6)));
    expect(ids(reader, 'machine')).not.toContain(machine(20));
    expect(ids(reader, 'left')).toEqual([machine(21)]);
  });

  it('is told of a tag that a selector asks for', async () => {
    await served.base.mdb.insert(tags).values({ machineId: machine(30), key: 'ring', value: 'b' });
    const reader = await follow('?selector=ring%3Da');
    await served.base.mdb.insert(tags).values({ machineId: machine(31), key: 'ring', value: 'a' });
    await until(() => expect(ids(reader, 'machine')).toEqual([machine(31)]));
    await served.base.mdb.delete(tags).where(eq(tags.machineId, machine(31)));
    await until(() => expect(ids(reader, 'left')).toEqual([machine(31)]));
  });

  it('is refused what cannot be', async () => {
    for (const query of [
      '?kinds=nothing',
      '?kinds=',
      '?selector=colour%3Dred',
      '?since=1',
      '?since=1-x',
      '?colour=red',
    ])
      expect((await openEvents(`${url}${query}`)).status, query).toBe(400);
    expect((await openEvents(url, '../..')).status).toBe(400);
  });
});

describe('who sees some pools', () => {
  it('is told of their machines alone, and of no other so much as an id', async () => {
    const { mdb } = served.base;
    const token = await makeToken(mdb, 'gpu', inPool('viewer', 'gpu'));
    const reader = await openEvents(url, undefined, token);
    open.push(reader);
    await until(() => expect(reader.events.some(({ event }) => event === 'ready')).toBe(true));
    const [mine, other] = [machine(9), machine(60)];
    await hold(60, 'not theirs');
    await mdb.insert(orders).values({ id: 'o-not', machineId: other, passage: 'drain', requester: 'ann', reason: 'r' });
    for (const [id, machineId] of [
      ['c-mixed', other],
      ['c-mine', mine],
    ] as const) {
      const values = { id, selector: 'all', passage: 'reboot' as const, request: {}, pace: {} as never, haltAt: 1 };
      await mdb.insert(campaigns).values({ ...values, hash: 'x', requester: 'ann', reason: 'r' });
      await mdb.insert(campaignMachines).values({ campaignId: id, machineId, ordinal: 1, batch: 0, pool: 'x' });
    }
    await mdb
      .update(machines)
      .set({ pool: 'gpu' })
      .where(eq(machines.id, machine(61)));
    await mdb
      .update(machines)
      .set({ pool: 'general' })
      .where(eq(machines.id, machine(61)));
    await hold(9, 'theirs');
    await until(() => expect(ids(reader, 'machine')).toContain(mine));
    await until(() => expect(ids(reader, 'campaign')).toContain('c-mine'));
    expect(JSON.stringify(reader.events)).not.toMatch(new RegExp(`${other}|o-not|c-mixed|not theirs`));
    const at = reader.lastId();
    await reader.close();
    await hold(60, 'again');
    const back = await openEvents(url, at, token);
    open.push(back);
    await until(() => expect(back.events.some(({ event }) => event === 'ready')).toBe(true));
    // Whether it was theirs before is not known any more.
    expect(back.events.map(({ event }) => event)).toEqual(['reset', 'ready']);
  });
});

describe('nothing is lost', () => {
  it('to who comes back with the last id', async () => {
    const first = await follow();
    await hold(40, 'seen');
    await until(() => expect(ids(first, 'machine')).toEqual([machine(40)]));
    const last = first.lastId();
    await first.close();
    await hold(41, 'missed');
    await hold(42, 'missed');
    const second = await follow('', last);
    expect(ids(second, 'machine')).toEqual([machine(41), machine(42)]);
    await hold(43, 'after');
    await until(() => expect(ids(second, 'machine')).toEqual([machine(41), machine(42), machine(43)]));
    expect(ids(second, 'reset')).toEqual([]);
  });

  it('of a transaction that commits after younger ones', async () => {
    const reader = await follow();
    const late = connectMdb({ url: served.base.url, name: 'late', connections: 1 });
    await late.mdb.transaction(async (tx) => {
      await tx
        .update(machines)
        .set({ held: 'begun first' })
        .where(eq(machines.id, machine(50)));
      await hold(51, 'committed first');
      await sleep(600);
      expect(ids(reader, 'machine')).toEqual([]);
    });
    await until(() => expect(new Set(ids(reader, 'machine'))).toEqual(new Set([machine(50), machine(51)])));
    await late.close();
  });

  it('while nobody hears of changes', async () => {
    const cutListeners = sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
      and application_name = 'following' and (query ilike 'listen farrier_changes%' or query = 'select 1')`;
    const reader = await follow();
    await until(async () => expect(await served.base.mdb.execute(cutListeners)).not.toHaveLength(0));
    for (let n = 60; n < 70; n++) await hold(n, 'meanwhile');
    await until(() => expect(new Set(ids(reader, 'machine')).size).toBe(10));
  });

  it('and who was away for too long is told to read all anew', async () => {
    const { mdb } = served.base;
    const first = await follow();
    await hold(70, 'x');
    await until(() => expect(ids(first, 'machine')).toEqual([machine(70)]));
    const last = first.lastId();
    await first.close();
    await hold(71, 'x');
    await hold(72, 'x');
    await mdb.update(changeLog).set({ at: new Date(Date.now() - 3_600_000) });
    await forgetChanges(mdb);
    expect(await mdb.select().from(changeLog)).toHaveLength(1);
    await settled();
    const second = await follow('', last);
    expect(second.events.map(({ event }) => event)).toEqual(['reset', 'ready']);
    // Nor does a place of another history tell where to go on.
    const far = await follow('', '999999999999-0');
    expect(far.events.map(({ event }) => event).slice(0, 2)).toEqual(['reset', 'ready']);
    // What came last is not forgotten by who saw it.
    const third = await follow('', second.lastId());
    expect(third.events.map(({ event }) => event)).toEqual(['ready']);
  });

  it('and each change is read once, whatever its place', async () => {
    const { mdb } = served.base;
    await settled();
    const from = await readEnd(mdb);
    await mdb.execute(sql`update machines set held = 'all' where id <= ${machine(100)}`);
    await settled();
    const seen: string[] = [];
    for (let at = from, more = true; more; ) {
      const read = await readChanges(mdb, at, 7);
      seen.push(...read.changes.map(({ subject }) => subject));
      more = read.changes.length === 7;
      at = read.position;
    }
    expect(seen).toHaveLength(100);
    expect(new Set(seen).size).toBe(100);
  });
});

describe('under load', () => {
  it('what changes often is told seldom, and in the end as it is', async () => {
    const reader = await follow('?kinds=machine');
    const began = performance.now();
    for (let n = 1; n <= 1000; n++) await hold(80, `turn ${n}`);
    const took = performance.now() - began;
    await until(() =>
      expect(reader.events.at(-1)?.data).toMatchObject({ machine: { id: machine(80), held: 'turn 1000' } }),
    );
    console.log(`1000 changes within ${Math.round(took)} ms were told by ${reader.events.length - 1} events`);
    expect(reader.events.length).toBeLessThan(2 + took / 200 + 10);
  });

  it('thousands at once come to all who follow', async () => {
    const readers = await Promise.all(Array.from({ length: 20 }, () => follow('?kinds=machine')));
    const began = performance.now();
    await served.base.mdb.execute(sql`update machines set held = 'storm'`);
    await until(() => {
      for (const reader of readers) expect(new Set(ids(reader, 'machine')).size).toBe(3000);
    });
    console.log(`3000 changes came to 20 readers within ${Math.round(performance.now() - began)} ms`);
  });

  it('who reads nothing is cut off, and the others are told', async () => {
    const log = pino({ level: 'silent' });
    const following = tellChanges({ mdb: served.base.mdb, listen: own.listen, log });
    const written: string[] = [];
    let destroyed = false;
    // A reader whose connection takes nothing.
    const stuck = {
      writeHead: () => {},
      flushHeaders: () => {},
      write: (text: string) => written.push(text),
      get writableLength() {
        return written.reduce((sum, text) => sum + text.length, 0);
      },
      get destroyed() {
        return destroyed;
      },
      destroy: () => {
        destroyed = true;
        ended();
      },
      end: () => {},
      once: (_event: string, done: () => void) => {
        ended = done;
      },
    };
    let ended = () => {};
    const clock = vi.spyOn(Date, 'now');
    await following.follow(openEventStream(stuck as never, {}), {
      selector: null,
      pools: null,
      kinds: null,
      from: null,
    });
    await hold(90, 'first');
    await until(() => expect(written.length).toBeGreaterThan(1));
    clock.mockImplementation(() => performance.timeOrigin + performance.now() + 11_000);
    await hold(91, 'second');
    await until(() => expect(following.count()).toBe(0));
    clock.mockRestore();
    expect(destroyed).toBe(true);
    await following.close();
  });

  it('a stream ends when the token that opened it does, and no other', async () => {
    const other = await createPeopleApi({
      ...served.options,
      listen: own.listen,
      trustsLoopback: false,
      recheckMs: 50,
    });
    await other.listen({ host: '127.0.0.1', port: 0 });
    const { port } = other.server.address() as AddressInfo;
    const at = `http://127.0.0.1:${port}/api/v1/changes`;
    const [lost, kept] = await Promise.all(
      ['lost', 'kept'].map(async (name) =>
        openEvents(at, undefined, await makeToken(served.base.mdb, name, everywhere('viewer'))),
      ),
    );
    await sleep(300);
    expect([lost?.hasEnded(), kept?.hasEnded()]).toEqual([false, false]);
    const admin = { class: 'user', name: 'test' } as const;
    expect(await revokeToken(served.base.mdb, admin, everywhere('admin'), 'lost', 'a test')).toBe(true);
    await until(() => expect(lost?.hasEnded()).toBe(true));
    expect(kept?.hasEnded()).toBe(false);
    expect(await openEvents(at)).toMatchObject({ status: 401 });
    await kept?.close();
    await other.close();
  });

  it('streams end with the server, and a connection that is gone is forgotten', async () => {
    const other = await createPeopleApi({ ...served.options, listen: own.listen });
    await other.listen({ host: '127.0.0.1', port: 0 });
    const { port } = other.server.address() as AddressInfo;
    const reader = await openEvents(`http://127.0.0.1:${port}/api/v1/changes`);
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /api/v1/changes HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await new Promise((heard) => socket.once('data', heard));
    socket.destroy();
    await other.close();
    await until(() => expect(reader.hasEnded()).toBe(true));
  });
});
