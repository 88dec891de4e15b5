/** What the pages say, apart from any page. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyRows } from '../../console/audit/verify.ts';
import { addDays, firstDay, nameOfDay, rowsOfWeek } from '../../console/calendar/days.ts';
import { describePace, describeProgress } from '../../console/campaigns/words.ts';
import { readKeptViews, withView } from '../../console/fleet/keptviews.ts';
import { rowsOfParts } from '../../console/machine/history.ts';
import { readPace, standardPaceTexts } from '../../console/ordering/pace.ts';
import { type OrderForm, orderForms, readRequestOf } from '../../console/ordering/passages.ts';
import { toneOf } from '../../console/racks/tone.ts';
import { checkRequest } from '../../contract/requestschemas.ts';
import { standardPace } from '../../domain/campaign/campaign.ts';
import { type Passage, passages } from '../../domain/machine.ts';

describe('a campaign in words', () => {
  it('says how many have ended, and how', () => {
    const none = { planned: 0, ordered: 0, done: 0, failed: 0, skipped: 0, cancelled: 0 };
    expect(describeProgress(40, { ...none, planned: 40 })).toBe('0 of 40 machines ended');
    expect(describeProgress(40, { ...none, planned: 23, ordered: 5, done: 10, failed: 2 })).toBe(
      '12 of 40 machines ended: 10 done, 2 failed; 5 under way',
    );
    expect(describePace({ ...standardPace, windows: [], rackShare: 10 })).toBe(
      'batches of 40, 20 at once, 10 % of a rack',
    );
  });
});

describe('a week of windows', () => {
  it('has a row for each that has a window, and what passes midnight in both days', () => {
    const first = firstDay('2026-11-30', 0);
    expect(nameOfDay(addDays(first, 7))).toBe('2026-12-07');
    const at = (day: number, hour: number) => new Date(2026, 10, 30 + day, hour).toISOString();
    const rows = rowsOfWeek(
      [
        { of: 'semaphore', name: 'reboot/rack=A01', opens: at(0, 22), closes: at(1, 4) },
        { of: 'campaign', name: 'k', opens: at(9, 1), closes: at(9, 2) },
      ],
      first,
    );
    expect(rows).toEqual([
      {
        ...{ of: 'semaphore', name: 'reboot/rack=A01' },
        days: [['22:00 to 24:00'], ['00:00 to 04:00'], [], [], [], [], []],
      },
    ]);
  });

  it('begins today where the address names no day', () => {
    const now = new Date(2026, 10, 30, 15).getTime();
    for (const named of [null, '', 'tomorrow', '2026-1-1']) expect(nameOfDay(firstDay(named, now))).toBe('2026-11-30');
  });
});

describe('what can be ordered', () => {
  it('is every passage, each with a request that the API takes as its form stands at first', () => {
    expect(Object.keys(orderForms).sort()).toEqual([...passages].sort());
    const needed: Partial<Record<Passage, Record<string, string>>> = {
      power: { 'data.action': 'cycle' },
      repair: { 'data.fault': 'disk/S1' },
    };
    for (const passage of passages) {
      const { texts = {} }: OrderForm = orderForms[passage];
      const request = readRequestOf(passage, { ...texts, ...needed[passage] });
      expect(checkRequest(passage, request), passage).toMatchObject({ ok: true });
    }
    expect(readRequestOf('maintenance', { 'data.work': '[{' })).toBe('work is no JSON');
  });

  it('goes as fast as any campaign unless told otherwise', () => {
    const {
      rackShare: _rack,
      feedShare: _feed,
      poolShare: _pool,
      haltShare: _halt,
      windows: _windows,
      ...told
    } = standardPace;
    expect(readPace(standardPaceTexts)).toEqual(told);
  });
});

describe('parts as a controller shows them', () => {
  const change = { id: 1, seenAt: '2026-11-20T10:00:00Z', kind: 'drives', confirmedBy: null } as const;
  it('have the history of their place, and what has gone is told after them', () => {
    const rows = rowsOfParts({
      documents: [
        {
          kind: 'drives',
          document: [{ slot: '0', serial: 'S9', model: 'X' }],
          firmwareVersion: '1',
          seenAt: change.seenAt,
        },
        { kind: 'bios', document: { attributes: {} }, firmwareVersion: '1', seenAt: change.seenAt },
      ],
      changes: [
        {
          ...change,
          place: '0',
          change: 'swapped',
          before: { serial: 'S1' },
          after: { serial: 'S9' },
          confirmedBy: 'ann',
        },
        { ...change, place: '1', change: 'removed', before: { serial: 'S2' }, after: null },
      ],
    });
    expect(rows).toMatchObject([
      { kind: 'drives', place: '0', serial: 'S9', isThere: true },
      { kind: 'drives', place: '1', isThere: false },
    ]);
    expect(rows[0]?.history[0]).toMatch(/: swapped, S1 → S9, confirmed by ann$/);
    expect(rows[1]?.history[0]).toMatch(/: removed, S2 → nothing$/);
  });
});

describe('a rack coloured by firmware', () => {
  it('tells other, unknown and as wanted apart, and nothing while it is not known', () => {
    const machine = { id: 'm', stage: 'in_service', opState: 'production', repairState: 'none', held: null } as const;
    expect(toneOf(machine, 'firmware', null)).toBe('busy');
    expect(toneOf(machine, 'firmware', new Map([['m', 'unknown']]))).toBe('busy');
    expect(toneOf(machine, 'firmware', new Map([['m', 'other']]))).toBe('bad');
    expect(toneOf(machine, 'firmware', new Map())).toBe('good');
  });
});

describe('views that are kept in a browser', () => {
  it('are read whatever somebody has put there, and one name is one view', () => {
    for (const text of ['{', 'null', '7', '[1,{"name":""},{"name":7,"search":""}]'])
      expect(readKeptViews(text)).toEqual([]);
    const views = withView([{ name: 'b', search: 'old' }], { name: 'a', search: '' });
    expect(withView(views, { name: 'b', search: 'new' })).toEqual([
      { name: 'a', search: '' },
      { name: 'b', search: 'new' },
    ]);
  });
});

describe('the audit’s chain in a browser', () => {
  /** Rows as the API tells them, each with the hash of the one before. */
  function chain(count: number): string[] {
    const rows: string[] = [];
    let previous = '';
    for (let id = 1; id <= count; id += 1) {
      const at = `2026-11-30T10:00:${String(id).padStart(2, '0')}.000000Z`;
      const words = ['user', 'ann', 'brake.engage', null, null].map((word) => JSON.stringify(word));
      const text = `["${previous}", ${id}, "${at.slice(0, -1)}", ${words.join(', ')}, {"n": ${id}}]`;
      const hash = createHash('sha256').update(text).digest('hex');
      rows.push(
        JSON.stringify({
          ...{ id, at, actorClass: 'user', actor: 'ann', action: 'brake.engage', machineId: null, orderId: null },
          ...{ detail: { n: id }, previous, hash },
        }),
      );
      previous = hash;
    }
    return rows;
  }
  const verify = (rows: readonly string[]) =>
    verifyRows(
      async (after) => ({ rows: rows.slice(after, after + 3), next: after + 3 < rows.length ? after + 3 : null }),
      () => undefined,
    );

  it('is whole, or the first row that is not as it was written is named', async () => {
    const rows = chain(7);
    expect(await verify(rows)).toMatchObject({ rows: 7, head: { row: 7 }, fault: null });
    const changed = rows.with(3, (rows[3] ?? '').replace('"ann"', '"eve"'));
    expect((await verify(changed)).fault).toMatchObject({ kind: 'changed', row: 4 });
    await expect(verify(rows.with(2, 'nothing'))).rejects.toThrow(/no row of the audit/);
  });
});
