/** What is bound to a statement arrives, and what PostgreSQL answers is read, as the code has it. */
import { sql } from 'drizzle-orm';
import { boolean, integer, jsonb, numeric, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let db: ThrowawayMdb;
beforeAll(async () => {
  db = await throwawayMdb({ owner: true });
});
afterAll(() => db?.close());

const one = async (query: ReturnType<typeof sql>) => {
  const [row] = await db.mdb.execute<{ value: unknown }>(sql`select ${query} as value`);
  return row?.value;
};

const odd = ['', 'NULL', 'null', ' a b ', 'a,b', '{}', '{a}', '"', '\\', '\\"', "it's", 'zwei\nlines', 'ü😀', '🂡,"\\'];

describe('what is bound to a plain statement', () => {
  test.each([
    ['text', 'a', sql`${'a'}::text`, 'a'],
    ['null', null, sql`${null}::text`, null],
    ['true', true, sql`${true}::boolean`, true],
    ['false', false, sql`${false}::boolean`, false],
    ['a number', 1, sql`${1.5}::float8`, 1.5],
    ['a number as text', 1, sql`${1}::text`, '1'],
    ['a time', 1, sql`(${new Date(1e12).toISOString()}::timestamptz)::text`, '2001-09-09 01:46:40+00'],
    ['JSON as text', 1, sql`${JSON.stringify({ a: [1, null, 'x'] })}::jsonb`, { a: [1, null, 'x'] }],
    ['an empty list', 1, sql`${sql.param([])}::text[]`, []],
    ['a list with null', 1, sql`${sql.param(['a', null, 'NULL'])}::text[]`, ['a', null, 'NULL']],
    ['numbers', 1, sql`${sql.param([1, 2])}::int[]`, [1, 2]],
    [
      'a list of lists',
      1,
      sql`${sql.param([
        [1, 2],
        [3, 4],
      ])}::int[]`,
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ])('%s', async (_, __, query, expected) => {
    expect(await one(query)).toEqual(expected);
  });

  test('texts of every kind, alone and in a list', async () => {
    expect(await one(sql`${sql.param(odd)}::text[]`)).toEqual(odd);
    for (const value of odd) expect(await one(sql`${value}::text`)).toBe(value);
  });

  test('times and objects that no column has made text of', async () => {
    const values = [new Date(1e12), { a: [1] }, new Uint8Array([0, 255]), 2n ** 40n, undefined];
    const [row] = await db.mdb.$client.query(
      'select ($1::timestamptz)::text as at, $2::jsonb as object, $3::bytea as bytes, $4::int8 as big, $5::text as none',
      values,
    );
    expect(row).toEqual({
      ...{ at: '2001-09-09 01:46:40+00', object: { a: [1] }, bytes: Buffer.from([0, 255]), big: 2 ** 40, none: null },
    });
  });
});

test('what PostgreSQL answers: counts are numbers, times are text, decimals keep every digit', async () => {
  const [row] =
    await db.mdb.execute(sql`select count(*), 1::smallint as small, 1.5::real as real, 12.50::numeric as decimal,
    '2001-09-09 01:46:40+00'::timestamptz as at, date '2001-09-09' as day, '{"a": null}'::json as json, null::int as none,
    true as yes, '10.1.0.1'::inet as address, '52:54:00:00:00:01'::macaddr as mac, interval '90 seconds' as span`);
  expect(row).toEqual({
    ...{ count: 1, small: 1, real: 1.5, decimal: '12.50', at: '2001-09-09 01:46:40+00', day: '2001-09-09' },
    ...{ json: { a: null }, none: null, yes: true, address: '10.1.0.1', mac: '52:54:00:00:00:01', span: '00:01:30' },
  });
});

test('lists of every kind that is asked for, with their nulls', async () => {
  const [row] = await db.mdb.execute(sql`select array['a', null, 'NULL'] as texts, array[1, null] as numbers,
    array_agg(n) as counts, array[true, false, null] as flags, '[0:1]={a,b}'::text[] as shifted, '{}'::text[] as empty,
    array['{"a": "},{"}'::jsonb, null] as documents, array[['a'], ['"']] as nested, array['10.1.0.1'::inet] as addresses,
    array[1.5::float8] as floats, array[12.50::numeric] as decimals
    from (values (1::bigint), (2)) v (n)`);
  expect(row).toEqual({
    ...{
      texts: ['a', null, 'NULL'],
      numbers: [1, null],
      counts: [1, 2],
      flags: [true, false, null],
      shifted: ['a', 'b'],
    },
    ...{ empty: [], documents: [{ a: '},{' }, null], nested: [['a'], ['"']], addresses: ['10.1.0.1'], floats: [1.5] },
    decimals: ['12.50'],
  });
});

const things = pgTable('things', {
  id: integer().primaryKey(),
  names: text().array(),
  document: jsonb().$type<unknown>(),
  at: timestamp({ withTimezone: true }),
  day: timestamp({ withTimezone: true, mode: 'string' }),
  yes: boolean(),
  amount: numeric(),
});

test('a row written and read by the query builder is the same, and a change says how many rows it met', async () => {
  await db.mdb.execute(`create table things (id int primary key, names text[], document jsonb, at timestamptz,
    day timestamptz, yes boolean, amount numeric)`);
  const full = {
    ...{ id: 1, names: odd, document: { text: odd, n: 1, none: null, deep: [[true]] }, at: new Date(1e12) },
    ...{ day: '2001-09-09 01:46:40+00', yes: false, amount: '0.10' },
  };
  const empty = { id: 2, names: null, document: null, at: null, day: null, yes: null, amount: null };
  const quoted = { ...empty, id: 3, document: 'only text', names: [] };
  const { count } = await db.mdb.insert(things).values([full, empty, quoted]);
  expect(count).toBe(3);
  expect(await db.mdb.select().from(things).orderBy(things.id)).toEqual([full, empty, quoted]);
  expect((await db.mdb.update(things).set({ yes: true }).where(sql`id > 1`)).count).toBe(2);
  expect((await db.mdb.delete(things).where(sql`id > 5`)).count).toBe(0);
  expect((await db.mdb.execute(sql`delete from things where id = ${1}`)).count).toBe(1);
});
