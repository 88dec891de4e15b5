import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSelector, type Selector } from '../../domain/selector.ts';
import { listMachines } from '../../mdb/machines/listing.ts';
import { selectMachines } from '../../mdb/machines/selecting.ts';
import { machines, tags } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

const read = (text: string): Selector => {
  const selector = parseSelector(text);
  if (typeof selector === 'string') throw new Error(selector);
  return selector;
};
const term = (key: string, operator: string, ...values: string[]) => ({ key, tag: false, operator, values });

describe('a selector', () => {
  test.each([
    ['az=A', [term('az', 'in', 'A')]],
    [
      ' az == A & rack in ( r3 ,r4 ) , !legacy ',
      [term('az', 'in', 'A'), term('rack', 'in', 'r3', 'r4'), term('legacy', 'absent')],
    ],
    [
      'rack!=r1 && pool notin (web),gpu',
      [term('rack', 'notin', 'r1'), term('pool', 'notin', 'web'), term('gpu', 'exists')],
    ],
    ['tag:owner="Team 7, (west)"', [{ key: 'owner', tag: true, operator: 'in', values: ['Team 7, (west)'] }]],
    [
      'mac=52:54:00:00:00:01,image=compute/2026-11-20:12:00',
      [term('mac', 'in', '52:54:00:00:00:01'), term('image', 'in', 'compute/2026-11-20:12:00')],
    ],
    ['all', []],
  ])('is read: %s', (text, terms) => expect(parseSelector(text)).toEqual({ terms }));

  test.each([
    ['', 'the selector is empty; "all" selects every machine'],
    ['  ', 'the selector is empty; "all" selects every machine'],
    ['az=', 'character 4: a value for az is missing at the end'],
    ['az=A,', 'character 6: the name of a column or tag is missing at the end'],
    ['=A', 'character 1: the name of a column or tag should stand here, not "="'],
    ['az=A rack=r1', 'character 6: "," or "&" between terms should stand here, not "rack"'],
    ['rack in r1', 'character 9: "(" before the values should stand here, not "r1"'],
    ['rack in (r1', 'character 12: "," or ")" after a value is missing at the end'],
    ['rack in ()', 'character 10: a value for rack should stand here, not ")"'],
    ["az='A'", 'character 4: "\'" is not part of a selector'],
    ['az=A;drop table machines', 'character 5: ";" is not part of a selector'],
    ['az=A,all!', 'character 9: "," or "&" between terms should stand here, not "!"'],
    ['a'.repeat(1001), 'a selector has at most 1000 characters'],
    [Array.from({ length: 33 }, (_, index) => `t${index}`).join(','), 'a selector has at most 32 terms'],
  ])('is refused with the place: %s', (text, sentence) => expect(parseSelector(text)).toBe(sentence));

  test('of any text is read or refused in no time', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 1200 }),
          fc.string({ unit: fc.constantFrom(...'ab=!,&()" in'), maxLength: 400 }),
        ),
        (text) => {
          const selector = parseSelector(text);
          expect(typeof selector === 'string' ? selector.length > 0 : selector.terms.length <= 32).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the machines it means', () => {
  let at: ThrowawayMdb;
  beforeAll(async () => {
    at = await throwawayMdb();
    await writeSite(at.mdb, { racks: 2 });
    await at.mdb.insert(machines).values(
      Array.from({ length: 12 }, (_, index) => ({
        id: `m-${String(index).padStart(2, '0')}`,
        siteId: 'home',
        mac: `52:54:00:00:02:${index.toString(16).padStart(2, '0')}`,
        pool: index % 3 ? 'batch' : 'web',
        ...(index < 8 ? { rackId: index % 2 ? 'A02' : 'A01', unit: index + 1 } : {}),
      })),
    );
    await at.mdb.insert(tags).values([
      { machineId: 'm-00', key: 'legacy', value: 'yes' },
      { machineId: 'm-01', key: 'legacy', value: 'no' },
      { machineId: 'm-09', key: 'rack', value: 'A01' },
      { machineId: 'm-10', key: "it's", value: 'x' },
      { machineId: 'm-11', key: 'gpu', value: 'h100' },
    ]);
  });
  afterAll(() => at.close());

  test.each([
    [
      'az=1 & rack in (A01,A02) & !legacy',
      sql`r.az = '1' and m.rack_id in ('A01', 'A02') and not exists (select from tags t where t.machine_id = m.id and t.key = 'legacy')`,
      6,
    ],
    ['legacy', sql`exists (select from tags t where t.machine_id = m.id and t.key = 'legacy')`, 2],
    [
      'legacy!=yes,pool=web',
      sql`m.pool = 'web' and not exists (select from tags t where t.machine_id = m.id and t.key = 'legacy' and t.value = 'yes')`,
      3,
    ],
    ['rack=A01', sql`m.rack_id = 'A01' or m.id = 'm-09'`, 5],
    ['tag:rack=A01,tag:feed=a', sql`m.rack_id = 'A01'`, 4],
    ['!rack', sql`m.rack_id is null and m.id <> 'm-09'`, 3],
    ['feed notin (a)', sql`r.feed is distinct from 'a'`, 8],
    ['state=disabled,stage=racked,unit in (1,2)', sql`m.unit in (1, 2)`, 2],
    ['gpu=h100', sql`m.id = 'm-11'`, 1],
    ['constructor', sql`false`, 0],
    ['all', sql`true`, 12],
  ])('are those that SQL finds: %s', async (text, where, count) => {
    const rows = await at.mdb.execute<{ id: string }>(
      sql`select m.id from machines m left join racks r on r.id = m.rack_id where ${where} order by m.id`,
    );
    expect(rows).toHaveLength(count);
    expect(await selectMachines(at.mdb, read(text), 100)).toEqual(rows.map(({ id }) => id));
    const listed = await listMachines(at.mdb, { selector: read(text), limit: 100 });
    expect(listed.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  });
});
