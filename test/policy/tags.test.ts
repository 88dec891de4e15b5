import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acting } from '../../mdb/acting.ts';
import { countGroup } from '../../mdb/permits/policy.ts';
import { audit, machines, tags } from '../../mdb/schema.ts';
import { leaveProduction } from '../../mdb/service/capacity.ts';
import { openPolicyBench, type PolicyBench } from './bench.ts';

let bench: PolicyBench;
beforeAll(async () => {
  bench = await openPolicyBench();
});
afterAll(() => bench?.close());
const tagsOf = async (id: string) =>
  Object.fromEntries(
    (await bench.base.mdb.select().from(tags).where(eq(tags.machineId, id))).map(({ key, value }) => [key, value]),
  );

describe('O-16: tags', () => {
  it('O-16: are set and removed on a machine, with a reason, and audited', async () => {
    expect(await bench.farrier('tag', 'set', 'h1', 'team=blue', 'gpu=yes', '--reason', 'new owner')).toContain('m-01');
    expect(await tagsOf('m-01')).toEqual({ team: 'blue', gpu: 'yes' });
    await bench.farrier('tag', 'rm', 'm-01', 'gpu', '--reason', 'sold');
    expect(await tagsOf('m-01')).toEqual({ team: 'blue' });
    expect(await bench.farrier('tag', 'ls', 'h1')).toMatch(/team +blue/);
    const rows = await bench.base.mdb.select().from(audit).where(eq(audit.action, 'machine.tag')).orderBy(audit.id);
    expect(rows).toMatchObject([
      { actor: 'ann', actorClass: 'user', machineId: 'm-01', detail: { set: { team: 'blue', gpu: 'yes' } } },
      { detail: { remove: ['gpu'], before: { gpu: 'yes' }, reason: 'sold' } },
    ]);
    await expect(bench.farrier('tag', 'rm', 'm-01', 'gpu', '--reason', 'again')).rejects.toThrow('no tag gpu');
    await expect(bench.farrier('tag', 'set', 'nobody', 'a=b', '--reason', 'x')).rejects.toThrow('no machine nobody');
  });

  it('O-16: are set on a selection, whose number is asked for where it is all', async () => {
    await bench.farrier('tag', 'set', '--selector', 'rack=A02', 'team=red', '--reason', 'x');
    expect(await tagsOf('m-03')).toEqual({ team: 'red' });
    await expect(bench.farrier('tag', 'set', '--selector', 'all', 'a=b', '--reason', 'x')).rejects.toThrow('"count"');
    await expect(
      bench.farrier('tag', 'set', '--selector', 'rack=A02', '--count', '3', 'a=b', '--reason', 'x'),
    ).rejects.toThrow('is 2 machines, not 3');
    expect(await bench.farrier('tag', 'ls')).toMatch(/team +blue +1\nteam +red +2/);
    expect(await bench.farrier('ls', 'team=red')).toMatch(/m-03[\s\S]*m-04/);
    await bench.farrier('tag', 'rm', '--selector', 'team=red', 'team', '--reason', 'x');
    expect(await tagsOf('m-04')).toEqual({});
    await bench.farrier('tag', 'set', '--selector', 'rack=A02', 'team=red', '--reason', 'x');
  });

  it.each([
    ['rack=A09', /reserved/],
    ['stage=retired', /reserved/],
    ['fleet=all', /reserved/],
    ['all=x', /reserved/],
    ['in=x', /reserved/],
    ['notin=x', /reserved/],
    ['RequiredImage=x', /reserved/],
    ['PlannedImage=x', /reserved/],
    ['DisableUpdates=true', /reserved/],
    ['OwnerGroup=root', /reserved/],
    ['Stage=x', /reserved/],
    ['tpm=2.0', /inventory/],
    ['watchdog=x', /inventory/],
    ['drift-campaign=c', /reserved/],
    ['a/b=c', /name of a tag/],
    ['1st=c', /name of a tag/],
    [`${'a'.repeat(64)}=c`, /name of a tag/],
    ['a=', /value/],
    ['a=b;c', /value/],
    ['a=b\u0007', /value/],
    [`a=${'b'.repeat(128)}`, /value/],
    ['a', /name=value/],
  ])('O-16: with a name or value that cannot be is refused: %s', async (tag, sentence) => {
    await expect(bench.farrier('tag', 'set', 'h5', tag, '--reason', 'x')).rejects.toThrow(sentence);
    expect(await tagsOf('m-05')).toEqual({});
  });

  it('O-16: of one machine are bounded in number', async () => {
    const many = (from: number) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`t${from + index}`, 'x']));
    expect((await bench.ask('POST', '/tags', { machine: 'h5', set: many(0), reason: 'x' })).status).toBe(200);
    const more = await bench.ask('POST', '/tags', { machine: 'h5', set: many(40), reason: 'x' });
    expect(more).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('64') } } });
    expect(Object.keys(await tagsOf('m-05'))).toHaveLength(40);
  });

  it('O-16: come with an announcement, of a machine and of a rack', async () => {
    await bench.farrier('machine', 'add', 'a4:bf:01:00:00:31', '--tag', 'team=green', '--tag', 'lease=2027');
    expect(await tagsOf('m-a4bf01000031')).toEqual({ team: 'green', lease: '2027' });
    await expect(bench.farrier('machine', 'add', 'a4:bf:01:00:00:32', '--tag', 'stage=x')).rejects.toThrow('reserved');
    const rack = await bench.ask('POST', '/places', { racks: [{ id: 'A02', feed: 'f1', tags: { hall: 'north' } }] });
    expect(rack.status).toBe(202);
    expect((await bench.ask('POST', '/places', { racks: [{ id: 'A02', tags: { feed: 'x' } }] })).status).toBe(400);
    expect((await bench.ask('GET', '/machines?selector=hall=north')).body.machines).toHaveLength(2);
    expect((await bench.ask('GET', '/machines/h3')).body.tags).toMatchObject({ hall: 'north', team: 'red' });
    expect(await bench.farrier('machine', 'show', 'h3')).toMatch(/tags +.*hall=north/);
  });

  it('O-16: name the groups of semaphores and of capacity like any column', async () => {
    const count = await countGroup(bench.base.mdb, 'semaphore/reboot/hall=north', {
      operation: 'reboot',
      tag: 'hall',
      value: 'north',
    });
    expect(count).toEqual({ total: 2, healthy: 2 });
    await bench.farrier('semaphore', 'resize', 'reboot/team=*', '3', '--reason', 'x');
    await expect(bench.farrier('semaphore', 'resize', 'reboot/tema=*', '3', '--reason', 'x')).rejects.toThrow(
      'did you mean "team"',
    );
    const set = await bench.farrier('capacity', 'set', 'hall', 'north', '2', '--reason', 'they pay for two');
    expect(set).toMatch(/hall +north +2 +2 +2 +0/);
    await expect(bench.farrier('capacity', 'set', 'hal', 'north', '2', '--reason', 'x')).rejects.toThrow(
      'did you mean',
    );
    const leave = (machineId: string) =>
      acting(bench.base.mdb, { class: 'system', name: 't' }, null, (tx) =>
        leaveProduction(tx, { machineId, to: 'draining' }),
      );
    expect(await leave('m-03')).toMatchObject({ left: false, held: expect.stringContaining('hall north') });
    expect(await leave('m-01')).toMatchObject({ left: true });
    await bench.base.mdb.update(machines).set({ opState: 'disabled' }).where(eq(machines.id, 'm-01'));
    await bench.base.mdb.update(machines).set({ opState: 'production' }).where(eq(machines.id, 'm-01'));
    await bench.farrier('capacity', 'set', 'team', '*', '50%', '--reason', 'x');
    expect(await bench.farrier('capacity', 'ls', '--scope', 'team')).toMatch(/team +blue +1 +1 +1 +0/);
  });
});
