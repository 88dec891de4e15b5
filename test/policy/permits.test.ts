import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { semaphoreId } from '../../contract/semaphore.ts';
import { inOrder, resourcesFor } from '../../domain/permits/groups.ts';
import { capacityOf, standardPermitPolicy } from '../../domain/permits/policy.ts';
import { groupsFor, setPermitGroups } from '../../mdb/permits/groups.ts';
import { racks, tags } from '../../mdb/schema.ts';
import { openPolicyBench, type PolicyBench } from './bench.ts';

let bench: PolicyBench;
beforeAll(async () => {
  bench = await openPolicyBench();
});
afterAll(() => bench?.close());

describe('O-5: whatever takes a machine out of service', () => {
  it.each(['drain', 'reboot'] as const)(
    'O-5: takes a permit of its rack to %s, though nobody named one',
    async (op) => {
      expect(await groupsFor(bench.base.mdb, 'm-01', op, [])).toEqual({
        groups: [{ tag: 'rack', value: 'A01' }],
        missing: [],
      });
    },
  );

  it('O-5: in no rack takes the permits of its other groups, and the fleet always', async () => {
    expect(await groupsFor(bench.base.mdb, 'm-05', 'reboot', [])).toEqual({ groups: [], missing: [] });
    expect(resourcesFor('reboot').map(semaphoreId)).toEqual(['semaphore/reboot/fleet=all']);
    // Named by the order itself it is a mistake, which a policy that fits most machines is not.
    expect(await groupsFor(bench.base.mdb, 'm-05', 'reboot', ['rack'])).toMatchObject({ missing: ['rack'] });
  });

  it('O-5: takes further groups by name, beside those of the policy, each once', async () => {
    await bench.base.mdb.insert(tags).values({ machineId: 'm-01', key: 'gpu', value: 'h200' });
    const { groups } = await groupsFor(bench.base.mdb, 'm-01', 'drain', ['gpu', 'rack', 'feed', 'machine', 'fleet']);
    const taken = inOrder(resourcesFor('drain', ...groups)).map(semaphoreId);
    expect(taken).toEqual([
      'semaphore/drain/fleet=all',
      'semaphore/drain/feed=f1',
      'semaphore/drain/gpu=h200',
      'semaphore/drain/rack=A01',
      'semaphore/drain/machine=m-01',
    ]);
  });

  it('O-5: by a policy that can be seen and changed at run time', async () => {
    expect(await bench.farrier('semaphore', 'group', 'ls')).toMatch(/drain +rack +.*standard[\s\S]*reboot +rack/);
    await bench.farrier('semaphore', 'group', 'set', 'reboot', 'rack', 'feed', '--reason', 'two feeds');
    expect(await bench.farrier('semaphore', 'group', 'ls')).toMatch(
      /drain +rack[\s\S]*reboot +feed, rack +ann +two feeds/,
    );
    expect((await groupsFor(bench.base.mdb, 'm-02', 'reboot', [])).groups).toEqual([
      { tag: 'feed', value: 'f1' },
      { tag: 'rack', value: 'A01' },
    ]);
    expect((await groupsFor(bench.base.mdb, 'm-02', 'drain', [])).groups).toEqual([{ tag: 'rack', value: 'A01' }]);
    await expect(bench.farrier('semaphore', 'group', 'set', 'reboot', 'rakc', '--reason', 'x')).rejects.toThrow(
      'did you mean "rack"',
    );
    await expect(bench.farrier('semaphore', 'group', 'set', 'nap', 'rack', '--reason', 'x')).rejects.toThrow();
    await bench.farrier('semaphore', 'group', 'set', 'reboot', 'none', '--reason', 'the fleet only');
    expect((await groupsFor(bench.base.mdb, 'm-02', 'reboot', [])).groups).toEqual([]);
    const ann = { class: 'user', name: 'ann' } as const;
    await setPermitGroups(bench.base.mdb, ann, 'reboot', ['rack'], 'as usual');
  });

  it('O-5: with capacities under which four machines and forty can be worked on', () => {
    const capacity = (tag: string, total: number) => capacityOf(standardPermitPolicy({ tag }), total);
    expect([1, 2, 4, 8, 19].map((total) => capacity('rack', total))).toEqual([1, 1, 1, 1, 1]);
    expect([20, 40, 48].map((total) => capacity('rack', total))).toEqual([2, 4, 4]);
    expect([4, 400].map((total) => capacity('fleet', total))).toEqual([1, 40]);
    expect(capacity('team', 40)).toBe(1);
  });

  it('O-5: an order names a group that there is, and may name several', async () => {
    await bench.farrier('reboot', 'h1', '--reboot-group', 'feed', '--reboot-group', 'gpu', '--id', 'o-1');
    expect((await bench.ask('GET', '/orders/o-1')).body.order.request.semaphores).toEqual({ reboot: ['feed', 'gpu'] });
    await expect(bench.farrier('drain', 'h2', '--drain-group', 'rakc')).rejects.toThrow('did you mean "rack"');
    const bad = { machine: 'h2', passage: 'reboot', reason: 'x', request: { semaphores: { reboot: 'nosuch' } } };
    expect(await bench.ask('POST', '/orders', bad)).toMatchObject({ status: 400 });
    const slug = { state: 'draining', payload: { power: { policy: 'asap', ...groupsemaphore('tag:rakc') } } };
    expect(await bench.ask('POST', '/orders/brainslug', { machine: 'h2', message: slug })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('rakc') } },
    });
    slug.payload.power = { policy: 'asap', ...groupsemaphore('tag:rack') };
    expect((await bench.ask('POST', '/orders/brainslug', { machine: 'h2', message: slug })).status).toBe(200);
  });

  it('O-5: keeps to the order of widths, whatever racks there are', async () => {
    await bench.base.mdb.update(racks).set({ row: 'r1', az: 'z' });
    const { groups } = await groupsFor(bench.base.mdb, 'm-03', 'drain', ['machine', 'row', 'az', 'pool', 'feed']);
    expect(inOrder(resourcesFor('drain', ...groups)).map(({ tag }) => tag)).toEqual([
      ...['fleet', 'az', 'row', 'feed', 'pool', 'rack', 'machine'],
    ]);
  });
});

function groupsemaphore(options: string) {
  return { concurrency: { strategy: 'groupsemaphore', options } };
}
