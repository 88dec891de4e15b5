import { describe, expect, it } from 'vitest';
import type { MachineSlice } from '../../console/client.ts';
import { patchPages } from '../../console/fleet/patch.ts';

const machine = (id: string, held: string | null = null) => ({ id, held }) as MachineSlice['machines'][number];
const page = (ids: readonly string[], next: string | null, total: number): MachineSlice => ({
  machines: ids.map((id) => machine(id)),
  ...{ next, total },
});
const idsOf = (pages: readonly MachineSlice[]) => pages.map(({ machines }) => machines.map(({ id }) => id));

describe('pages of machines', () => {
  it('have a machine as it stands now, and leave pages without news as they were', () => {
    const pages = [page(['a', 'b'], 'more', 4), page(['c', 'd'], null, 4)];
    const patched = patchPages(pages, new Map([['c', machine('c', 'looked at')]]));
    expect(patched[0]).toBe(pages[0]);
    expect(patched[1]?.machines[0]?.held).toBe('looked at');
    expect(patched[1]?.total).toBe(4);
  });

  it('lose one that is not meant any more, and count it no longer', () => {
    const patched = patchPages(
      [page(['a', 'b'], null, 2)],
      new Map([
        ['b', null],
        ['x', null],
      ]),
    );
    expect(idsOf(patched)).toEqual([['a']]);
    expect(patched[0]?.total).toBe(1);
  });

  it('get a new one where it belongs, unless its page is still to come', () => {
    const news = new Map([
      ['b', machine('b')],
      ['z', machine('z')],
    ]);
    expect(idsOf(patchPages([page(['a', 'c'], null, 2)], news))).toEqual([['a', 'b', 'c', 'z']]);
    const half = patchPages([page(['a', 'c'], 'more', 3)], news);
    expect(idsOf(half)).toEqual([['a', 'b', 'c']]);
    expect(idsOf(patchPages([page([], null, 0)], news))).toEqual([['b', 'z']]);
  });
});
