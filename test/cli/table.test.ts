import { describe, expect, it } from 'vitest';
import { age, bytes, memory, span } from '../../cli/format.ts';
import { type Column, cleanCell, renderTable } from '../../cli/table.ts';

const plain = { heading: (text: string) => text, paint: (_title: string, text: string) => text };
const columns: Column<{ a: string; n: number }>[] = [
  { title: 'a', cell: ({ a }) => a, flexible: true },
  { title: 'n', cell: ({ n }) => n, align: 'right' },
];

describe('a table', () => {
  it('is as wide as its cells where there is room', () => {
    expect(
      renderTable(
        columns,
        [
          { a: 'one', n: 1 },
          { a: 'twelve', n: 12 },
        ],
        { ...plain, width: null },
      ),
    ).toEqual(['A        N', 'one      1', 'twelve  12']);
  });

  it('fits a narrow terminal by cutting what may be cut', () => {
    const lines = renderTable(columns, [{ a: 'a very long text that does not fit', n: 7 }], { ...plain, width: 20 });
    expect(lines[1]).toBe('a very long text…  7');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(20);
  });

  it('lets nothing through that a terminal would obey', () => {
    expect(cleanCell('a\u001b[31mred\r\nnext\u0007\u202e')).not.toMatch(/\p{C}/u);
    expect(cleanCell(null)).toBe('-');
  });
});

describe('figures', () => {
  it('read as people say them', () => {
    const now = Date.parse('2026-11-21T12:00:00Z');
    expect(
      ['2026-11-21T11:59:20Z', '2026-11-21T11:30:00Z', '2026-11-21T02:00:00Z', '2026-11-01T12:00:00Z', null].map((at) =>
        age(at, now),
      ),
    ).toEqual(['40s', '30m', '10h', '20d', '']);
    expect([0, 999, 1_500_000, 480_000_000_000, 8e12].map(bytes)).toEqual(['0 B', '999 B', '1.5 MB', '480 GB', '8 TB']);
    expect([512, 65_536, null].map(memory)).toEqual(['512 MiB', '64 GiB', '']);
    expect(span('2026-11-21T10:00:00Z', '2026-11-21T10:12:05Z')).toBe('12m 5s');
  });
});
