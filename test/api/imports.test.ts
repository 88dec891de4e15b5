import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { eq, sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ImportView } from '../../contract/importschemas.ts';
import { verifyChain } from '../../mdb/audit/verify.ts';
import { audit, expectedBmcs, machines, nics, racks, tags } from '../../mdb/schema.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
const logged: string[] = [];
const fixture = (name: string) => readFileSync(new URL(`../imports/fixtures/${name}`, import.meta.url), 'utf8');

beforeAll(async () => {
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      logged.push(String(chunk));
      done();
    },
  });
  served = await servePeople({ log: pino({ level: 'trace' }, sink) });
});
afterAll(() => served?.close());
beforeEach(async () => {
  const { mdb } = served.base;
  await mdb.delete(tags);
  await mdb.delete(nics);
  await mdb.delete(expectedBmcs);
  await mdb.delete(machines);
  await mdb.delete(racks).where(sql`id not in ('A01', 'A02')`);
});

type Answer = {
  readonly status: number;
  readonly body: ImportView & { readonly detail?: string; readonly field?: string };
};
const plan = (text: string, more: object = {}): Promise<Answer> => served.ask('POST', '/imports', { text, ...more });

/** Plans, and does the plan. */
async function apply(text: string, more: object = {}): Promise<Answer> {
  const planned = await plan(text, more);
  expect(planned).toMatchObject({ status: 200, body: { applied: false } });
  return plan(text, { ...more, plan: planned.body.hash });
}

const counted = async () => ({
  machines: await served.base.mdb.$count(machines),
  racks: await served.base.mdb.$count(racks),
  expected: await served.base.mdb.$count(expectedBmcs),
  audit: await served.base.mdb.$count(audit, eq(audit.action, 'import.apply')),
});

describe('an import', () => {
  it('changes nothing before its plan is given, then all of it, and nothing the second time', async () => {
    const before = await counted();
    const planned = await plan(fixture('machines.csv'));
    expect(planned.body).toMatchObject({
      ...{ format: 'csv', applied: false, racks: ['C09'], problems: [], notes: ['there is no secret rack-a01 yet'] },
      counts: { racks: 1, machines: 3, changes: 0, same: 0, skipped: 0 },
      leftOut: [{ field: 'colour', rows: 2 }],
    });
    expect(await counted()).toEqual(before);
    const done = await plan(fixture('machines.csv'), { plan: planned.body.hash, reason: 'the old list' });
    expect(done.body).toEqual({ ...planned.body, applied: true });
    expect(await counted()).toEqual({ machines: 3, racks: 3, expected: 1, audit: before.audit + 1 });
    const { mdb } = served.base;
    expect((await mdb.select().from(machines).where(eq(machines.id, 'm-525400aa0001')))[0]).toMatchObject({
      ...{ rackId: 'A01', unit: 3, slot: null, stage: 'racked', bootState: 'birth' },
    });
    expect(
      (await mdb.select().from(nics).where(eq(nics.machineId, 'm-525400aa0001'))).map(({ mac }) => mac).sort(),
    ).toEqual(['52:54:00:aa:00:01', '52:54:00:aa:00:02']);
    expect(await mdb.select().from(expectedBmcs)).toMatchObject([
      { origin: 'https://10.9.0.11', mac: '52:54:00:aa:00:01', serial: 'SN-7781A', secretRef: 'rack-a01' },
    ]);
    const again = await apply(fixture('machines.csv'));
    expect(again.body.counts).toMatchObject({ racks: 0, machines: 0, changes: 0, same: 3 });
    expect(await counted()).toMatchObject({ machines: 3, racks: 3, expected: 1 });
  });

  it.each(['ironic.json', 'netbox.json', 'netbox.csv', 'maas.json', 'metal3.yaml', 'tinkerbell.yaml'])(
    'S3.2: of %s twice says the same the second time, and changes nothing',
    async (name) => {
      const first = await apply(fixture(name), { secret: 'rack-a01' });
      const { machines: announced, controllers, skipped } = first.body.counts;
      expect(announced + controllers).toBeGreaterThan(0);
      const again = await apply(fixture(name), { secret: 'rack-a01' });
      expect(again.body.counts).toMatchObject({ racks: 0, machines: 0, changes: 0, controllers: 0, skipped });
      expect(again.body.counts.same).toBe(announced + controllers);
    },
  );

  it('adds to what is known and moves nothing', async () => {
    await apply('mac,rack,unit,tag.sla\n52:54:00:aa:00:01,A01,3,gold\n52:54:00:aa:00:11,,,');
    await served.base.mdb.update(machines).set({ lastSeenAt: new Date() }).where(eq(machines.id, 'm-525400aa0001'));
    const text = [
      'mac,macs,rack,unit,tag.sla,bmc,secret',
      '52:54:00:aa:00:01,52:54:00:aa:00:09,A01,5,silver,10.9.0.1,s',
      '52:54:00:aa:00:11,52:54:00:aa:00:12,A01,6,,10.20.0.1,s',
    ].join('\n');
    const { body } = await apply(text);
    expect(body.changes).toMatchObject([
      { id: 'm-525400aa0001', place: null, tags: { sla: 'silver' }, before: { sla: 'gold' }, macs: [] },
      { id: 'm-525400aa0011', place: { rack: 'A01', unit: 6 }, macs: ['52:54:00:aa:00:12'], controller: null },
    ]);
    expect(body.remarks.map(({ row, detail }) => `${row} ${detail}`)).toEqual([
      '2 m-525400aa0001 is in A01/3: left as it is',
      '2 m-525400aa0001 shows no card with one of its MACs: left as it is',
      "3 10.20.0.1 is not in the site's networks of controllers (10.9.0.0/16, 127.0.0.0/8, 10.9.0.0/16): left out",
    ]);
    const rows = await served.base.mdb.select().from(audit).where(eq(audit.action, 'machine.import'));
    expect(rows.at(-2)?.detail).toMatchObject({
      set: { sla: 'silver' },
      before: { sla: 'gold' },
      bmc: 'https://10.9.0.1',
    });
  });

  it.each([
    ['two rows of one MAC', 'mac\n52:54:00:aa:00:01\n52-54-00-AA-00-01', 3, 'has the same MAC as row 2'],
    [
      'two of one serial number',
      'mac,serial\n52:54:00:aa:00:01,SN 7781\n52:54:00:aa:00:02,sn-7781',
      3,
      'has the same serial number as row 2',
    ],
    [
      'two of one controller',
      'mac,bmc\n52:54:00:aa:00:01,10.9.0.1\n52:54:00:aa:00:02,https://10.9.0.1:443',
      3,
      'has the same controller as row 2',
    ],
    [
      'two in one place',
      'mac,rack,unit\n52:54:00:aa:00:01,A01,4\n52:54:00:aa:00:02,A01,4',
      3,
      'stands in the same place as row 2',
    ],
    ['a place that is taken', 'mac,rack,unit\n52:54:00:aa:00:01,A01,8', 2, 'unit 8 of rack A01 holds m-525400bb0001'],
    ['a unit above the rack', 'mac,rack,unit\n52:54:00:aa:00:01,A01,60', 2, 'rack A01 has 48 units'],
    [
      'cards of two machines',
      'mac,macs\n52:54:00:bb:00:01,52:54:00:bb:00:02',
      2,
      'its MAC is that of m-525400bb0001, and its MAC is that of m-525400bb0002',
    ],
  ])('with %s changes nothing and names the row', async (_, text, row, detail) => {
    await apply('mac,rack,unit\n52:54:00:bb:00:01,A01,8\n52:54:00:bb:00:02,A01,9');
    const before = await counted();
    const planned = await plan(`${text}\n`);
    expect(planned.body.problems).toEqual([expect.objectContaining({ row, detail: expect.stringContaining(detail) })]);
    expect(await plan(`${text}\n`, { plan: planned.body.hash })).toMatchObject({
      status: 400,
      body: { field: 'text' },
    });
    expect(await counted()).toEqual(before);
  });

  it('is refused where its plan would be another one by now, also of many at once', async () => {
    const text = 'mac,rack,unit\n52:54:00:aa:00:01,A01,3';
    const { hash } = (await plan(text)).body;
    const all = await Promise.all(Array.from({ length: 2 }, () => plan(text, { plan: hash })));
    expect(all.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await counted()).toMatchObject({ machines: 1 });
    expect(await plan(text, { plan: hash })).toMatchObject({ status: 409, body: { field: 'plan' } });
  });

  it.each([
    ['what cannot be read', { text: '{"machines": [' }, 400, 'it is not JSON'],
    ['a prototype', { text: '{"__proto__": {"x": 1}}' }, 400, '__proto__'],
    ['nothing', { text: '' }, 400, 'is empty'],
    ['a number', { text: 5 }, 400, ''],
    ['an unknown format', { text: 'mac', format: 'excel' }, 400, ''],
    ['an unknown field', { text: 'mac', fetch: 'http://169.254.169.254/' }, 400, ''],
    ['a plan that is no hash', { text: 'mac', plan: 'x' }, 400, 'is not the hash of a plan'],
    ['more than may come', { text: 'x'.repeat(33 * 1024 ** 2) }, 413, ''],
  ])('refuses %s', async (_, body, status, detail) => {
    const before = await counted();
    const answer = await served.ask('POST', '/imports', body);
    expect(answer.status).toBe(status);
    expect(answer.body.detail).toContain(detail);
    expect(await counted()).toEqual(before);
  });

  it('keeps passwords of the text out of its answer, the audit and the log', async () => {
    for (const name of ['ironic.json', 'maas.json', 'metal3.yaml'])
      logged.push(JSON.stringify((await apply(fixture(name), { secret: 'rack-a01' })).body));
    logged.push(JSON.stringify(await plan('mac,redfish_password\ncanary-4Zq9,canary-4Zq9')));
    const rows = await served.base.mdb.execute(sql`select audit::text from audit`);
    expect([...logged, JSON.stringify(rows)].filter((text) => /canary|Y2FuYXJ5/.test(text))).toEqual([]);
  });

  it('says nothing of a secret that is there', async () => {
    const folder = join(dirname(served.options.images), 'secrets');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'rack-a01'), '{"username":"a","password":"b"}');
    expect((await plan(fixture('machines.csv'))).body.notes).toEqual([]);
  });
});

describe('an export', () => {
  const get = async (url: string) => served.app.inject({ url: `/api/v1/exports/${url}` });
  beforeEach(async () => {
    await apply(fixture('machines.csv'));
    await served.base.mdb
      .update(machines)
      .set({ hostname: 'a01-3.example', address: '10.1.0.3', serial: '=1+1', pool: 'web' })
      .where(eq(machines.id, 'm-525400aa0001'));
  });

  it.each(['json', 'csv'])('as %s is read again as nothing new', async (format) => {
    const { body, headers } = await get(format);
    expect(headers['content-type']).toMatch(format === 'csv' ? /^text\/csv/ : /^application\/json/);
    const again = await plan(body);
    expect(again.body).toMatchObject({ format, leftOut: [], counts: { machines: 0, changes: 0, racks: 0 } });
  });

  it('as CSV computes nothing in a spreadsheet', async () => {
    const { body } = await get('csv');
    expect(body).toContain(",'=1+1,");
    expect(body.split('\r\n')[0]).toMatch(/^mac,macs,rack,unit,slot,serial,bmc,secret,tag\.name,tag\.sla,id,hostname/);
  });

  it('for Ansible has groups and the variables of all hosts', async () => {
    const inventory = (await get('ansible')).json();
    expect(inventory).toMatchObject({
      ...{ pool_web: { hosts: ['a01-3.example'] }, rack_C09: { hosts: ['m-525400aa0021'] } },
      tag_sla_gold: { hosts: ['a01-3.example'] },
      _meta: { hostvars: { 'a01-3.example': { ansible_host: '10.1.0.3', farrier: { rack: 'A01', unit: 3 } } } },
    });
    expect(inventory.all.children).toContain('pool_web');
  });

  it('for Prometheus has a target of each machine with an address', async () => {
    const { body, headers } = await get('prometheus?port=9101');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(body)).toEqual([
      {
        targets: ['10.1.0.3:9101'],
        labels: {
          ...{
            __meta_farrier_id: 'm-525400aa0001',
            __meta_farrier_hostname: 'a01-3.example',
            __meta_farrier_pool: 'web',
          },
          ...{ __meta_farrier_rack: 'A01', __meta_farrier_unit: '3', __meta_farrier_stage: 'racked' },
          ...{ __meta_farrier_op_state: 'disabled', __meta_farrier_repair_state: 'none' },
          ...{ __meta_farrier_tag_name: 'web 1', __meta_farrier_tag_sla: 'gold' },
        },
      },
    ]);
  });

  it('is of what a selector means', async () => {
    const { machines: found } = (await get('json?selector=pool%3Dweb')).json();
    expect(found.map(({ id }: { id: string }) => id)).toEqual(['m-525400aa0001']);
    expect((await get('json?selector=colour%3Dred')).statusCode).toBe(400);
    expect((await get('xml')).statusCode).toBe(400);
    expect((await get('prometheus?port=0')).statusCode).toBe(400);
  });
});

// Last: it takes longer to delete them than to write them.
describe('a large import', () => {
  it('goes in and out again, and leaves the audit whole', async () => {
    const rows = Array.from({ length: 2_500 }, (_, n) => {
      const hex = n.toString(16).padStart(4, '0');
      const place = `R${Math.floor(n / 40)},${(n % 40) + 1}`;
      return `a4:bf:02:00:${hex.slice(0, 2)}:${hex.slice(2)},${place},10.9.${n >> 8}.${n & 255},bulk,${n % 7}`;
    });
    const text = ['mac,rack,unit,bmc,secret,tag.group', ...rows].join('\n');
    expect((await apply(text)).body.counts).toMatchObject({ machines: 2_500, racks: 63, problems: 0, remarks: 0 });
    const exported = await served.app.inject({ url: '/api/v1/exports/json' });
    expect((await plan(exported.body)).body).toMatchObject({
      ...{ format: 'json', problems: [], remarks: [], leftOut: [] },
      counts: { machines: 0, changes: 0, racks: 0, same: 2_500 },
    });
    expect(await verifyChain(served.base.mdb)).toMatchObject({ fault: null });
  });
});
