/** The chain of the audit against everything that somebody who owns the tables can do to it. */
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChainRow, parseRow } from '../../domain/audit/chain.ts';
import { parseExactly, renderJsonb } from '../../domain/audit/jsonb.ts';
import { type ChainFault, walkChain } from '../../domain/audit/walk.ts';
import { record } from '../../mdb/acting.ts';
import { digest, readChain } from '../../mdb/audit/chain.ts';
import { readMark } from '../../mdb/audit/marks.ts';
import { verifyChain, verifyOn } from '../../mdb/audit/verify.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let at: ThrowawayMdb;

const awkward = [
  { reason: 'a | b', ключ: 'é\u2028\u0001\\"\n\t\u007f', list: [1, 1.5, -0, 1e21, 1e-7, true, null, {}, []] },
  { zz: 1, b: { bb: 2, a: '' }, aaa: 1e19 },
  {},
  { deep: { '': [[], [{ x: '😀' }]] } },
];

const write = (count: number) =>
  Array.from({ length: count }, (_, n) => n).reduce(
    (before, n) =>
      before.then(() =>
        record(at.mdb, {
          actor: { class: n % 2 === 0 ? 'user' : 'system', name: n % 3 === 0 ? 'ada|x' : 'bob' },
          action: `act.${n}`,
          ...(n % 4 === 0 ? { machineId: 'm-1' } : {}),
          ...(n % 5 === 0 ? { orderId: 'o-1' } : {}),
          detail: awkward[n % awkward.length] ?? {},
        }),
      ),
    Promise.resolve(),
  );

const tamper = (...statements: string[]) => at.asOwner('alter table audit disable trigger all', ...statements);
const fault = async (): Promise<ChainFault | null> => (await verifyChain(at.mdb)).fault;

/** The hash as the trigger takes it, of a row that somebody wrote by hand. */
const rehash = `update audit set hash = encode(sha256(convert_to(jsonb_build_array(previous, id,
  to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), actor_class, actor, action, machine_id, order_id,
  detail)::text, 'UTF8')), 'hex')`;

beforeEach(async () => {
  at = await throwawayMdb({ connections: 2 });
  await write(20);
});
afterEach(() => at.close());

describe('a chain that nobody touched', () => {
  it('is whole, whatever its rows say', async () => {
    const outcome = await verifyChain(at.mdb);
    expect(outcome).toMatchObject({ rows: 20, fault: null, head: { row: 20 } });
    expect(await verifyChain(at.mdb, { kept: outcome.head ?? undefined })).toMatchObject({ fault: null });
  });

  it('goes on where it was verified last, and is walked whole when that is long ago', async () => {
    expect(await verifyOn(at.mdb, 3600)).toMatchObject({ rows: 20, fault: null });
    await write(3);
    expect(await verifyOn(at.mdb, 3600)).toMatchObject({ rows: 3, fault: null });
    expect(await readMark(at.mdb, 'verified')).toMatchObject({ row: 23, rows: 23, trouble: null });
    expect(await verifyOn(at.mdb, 0)).toMatchObject({ rows: 23 });
    expect(await readMark(at.mdb, 'verified')).toMatchObject({ row: 23, rows: 23 });
  });

  it('is whole across rows of before the hash was taken of a list', async () => {
    const joined = `update audit set hash = encode(sha256(convert_to(concat_ws('|', previous, id,
      to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), actor_class, actor, action,
      coalesce(machine_id, ''), coalesce(order_id, ''), detail::text), 'UTF8')), 'hex') where id = 1`;
    await at.asOwner('alter table audit disable trigger all', 'delete from audit where id > 1', joined);
    await at.asOwner('alter table audit enable trigger all');
    await write(3);
    expect(await verifyChain(at.mdb)).toMatchObject({ rows: 4, fault: null });
  });
});

describe('what is found', () => {
  it.each([
    ['detail', `detail = jsonb_set(detail, '{reason}', '"another"')`],
    ['actor', `actor = 'eve'`],
    ['class', `actor_class = 'node'`],
    ['action', `action = 'other'`],
    ['machine', `machine_id = 'm-2'`],
    ['order', `order_id = ''`],
    ['time by a microsecond', `at = at + interval '1 microsecond'`],
    ['hash', `hash = repeat('0', 64)`],
    ['hash before', `previous = repeat('0', 64)`],
  ])('a changed row by its %s', async (_, change) => {
    await tamper(`update audit set ${change} where id = 7`);
    expect(await fault()).toMatchObject({ kind: 'changed', row: 7 });
  });

  it('a name that takes what stood beside it', async () => {
    await tamper(`update audit set actor = 'ada', action = 'x|' || action where id = 4`);
    expect(await fault()).toMatchObject({ kind: 'changed', row: 4 });
  });

  it('a changed row whose hash was taken anew', async () => {
    await tamper(`update audit set actor = 'eve' where id = 7`, `${rehash} where id = 7`);
    expect(await fault()).toMatchObject({ kind: 'changed', row: 7 });
  });

  it.each([
    ['in the middle', 'id = 7', 8],
    ['several', 'id between 7 and 9', 10],
    ['at the beginning', 'id <= 3', 4],
  ])('rows removed %s', async (_, which, row) => {
    await tamper(`delete from audit where ${which}`);
    expect(await fault()).toMatchObject({ kind: 'removed', row });
  });

  it('two rows that changed places', async () => {
    await tamper(
      'update audit set id = -7 where id = 7',
      'update audit set id = 7 where id = 8',
      'update audit set id = 8 where id = -7',
    );
    expect(await fault()).toMatchObject({ kind: 'reordered', row: 7 });
  });

  it('a row that was put in, with a hash of its own that fits', async () => {
    await tamper(
      'update audit set id = id + 100 where id > 7',
      `insert into audit (id, at, actor_class, actor, action, previous)
        select 8, at, 'user', 'eve', 'put.in', hash from audit where id = 7`,
      `${rehash} where id = 8`,
      'update audit set id = id - 99 where id > 100',
    );
    expect(await fault()).toMatchObject({ kind: 'inserted', row: 8 });
  });

  it('a row put into a gap that a transaction left which was given up', async () => {
    await expect(
      at.mdb.transaction(async (tx) => {
        await record(tx, { actor: { class: 'user', name: 'ada' }, action: 'given.up' });
        throw new Error('given up');
      }),
    ).rejects.toThrow('given up');
    await write(2);
    expect(await fault()).toBeNull();
    await tamper(
      `insert into audit (id, at, actor_class, actor, action, previous)
        select 21, at, 'user', 'eve', 'put.in', hash from audit where id = 20`,
      `${rehash} where id = 21`,
    );
    expect(await fault()).toMatchObject({ kind: 'inserted', row: 21 });
    await at.asOwner(`update audit set hash = 'made up' where id = 21`);
    expect((await fault())?.row).toBe(21);
  });

  it('a row that says it was written before those in front of it', async () => {
    await tamper(
      `insert into audit (id, at, actor_class, actor, action, previous)
        select 21, at - interval '1 day', 'user', 'eve', 'back.dated', hash from audit where id = 20`,
      `${rehash} where id = 21`,
    );
    await at.asOwner('alter table audit enable trigger all', `select setval('audit_id_seq', 21)`);
    await write(1);
    expect(await verifyChain(at.mdb)).toMatchObject({ rows: 22, fault: { kind: 'backdated', row: 21 } });
  });

  it('a tail that was cut off, and a chain written anew from a row on, by a head that was kept', async () => {
    const { head } = await verifyChain(at.mdb);
    if (head === null) throw new Error('there is no head');
    await tamper('delete from audit where id > 15');
    expect(await fault()).toBeNull();
    expect(await verifyChain(at.mdb, { kept: head })).toMatchObject({ fault: { kind: 'cut', row: 20 } });
    expect(await verifyChain(at.mdb, { kept: { hash: head.hash } })).toMatchObject({ fault: { kind: 'cut' } });
    await at.asOwner('alter table audit enable trigger all', `select setval('audit_id_seq', 15)`);
    await write(6);
    expect(await fault()).toBeNull();
    expect(await verifyChain(at.mdb, { kept: head })).toMatchObject({ fault: { kind: 'cut', row: 20 } });
  });

  it('everything removed, by Farrier itself, which knows how far it had verified', async () => {
    await verifyOn(at.mdb, 3600);
    await tamper('delete from audit');
    expect(await verifyOn(at.mdb, 3600)).toMatchObject({ fault: { kind: 'cut', row: 20 } });
    expect((await readMark(at.mdb, 'verified')).trouble).toContain('cut off');
    expect(await verifyOn(at.mdb, 3600)).toMatchObject({ fault: { kind: 'cut', row: 20 } });
  });
});

describe('rows as text', () => {
  it('give the same row after another program has written them anew, with their numbers as they were', async () => {
    const rows = (await readChain(at.mdb, 0, 100)).map(({ line }) => line);
    const sorted = (text: string) => renderJsonb(parseExactly(text));
    const walk = walkChain(digest);
    for (const line of rows) expect(walk.take(parseRow(sorted(line)) as ChainRow)).toBe(true);
    expect(walk.end()).toMatchObject({ rows: 20, fault: null });
  });

  it('may come twice, and are walked in few rows of memory', async () => {
    const rows = (await readChain(at.mdb, 0, 100)).map(({ line }) => parseRow(line) as ChainRow);
    const walk = walkChain(digest);
    for (const row of [...rows.slice(0, 10), ...rows.slice(5), ...rows.slice(18)]) walk.take(row);
    expect(walk.end()).toMatchObject({ rows: 20, fault: null });
    const twice = walkChain(digest);
    for (const row of [...rows, { ...(rows[19] as ChainRow), actor: 'eve' }]) twice.take(row);
    expect(twice.end().fault).toMatchObject({ row: 20 });
  });

  it('are told from what is none', () => {
    for (const text of ['', 'x', '[]', 'null', '{}', '{"id":1}', '{"id":"1"}']) expect(parseRow(text), text).toBeNull();
  });

  it('come in pages that are not too large', async () => {
    const detail = sql`jsonb_build_object('text', repeat('x', 900000))`;
    for (let n = 0; n < 8; n++)
      await at.mdb.execute(
        sql`insert into audit (actor_class, actor, action, detail) values ('user', 'a', 'large', ${detail})`,
      );
    expect((await readChain(at.mdb, 20, 100)).map(({ id }) => id)).toEqual([21, 22, 23, 24, 25]);
    expect(await fault()).toBeNull();
  });
});
