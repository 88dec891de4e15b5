import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { MachineSummary } from '../../contract/api.ts';
import { useNow } from '../frame/now.ts';
import type { FleetColumn } from './columns.ts';
import { FleetRow } from './row.tsx';
import { type FleetSort, nextSort } from './sort.ts';

interface FleetTableSpec {
  readonly rows: readonly MachineSummary[];
  /** How many there are in all; null where that is not known yet. */
  readonly total: number | null;
  readonly columns: readonly FleetColumn[];
  readonly sort: FleetSort | null;
  readonly onSort: (next: string | null) => void;
}

const rowHeight = 36;
const pageRows = 15;

/** Only the rows in sight are drawn, and a reader is told of all of them. Arrow keys go from row to row. */
export function FleetTable({ rows, total, columns, sort, onSort }: FleetTableSpec) {
  const frame = useRef<HTMLDivElement>(null);
  const nowMs = useNow(10_000);
  const { active, onKeyDown, setActive, scroller } = useRows(rows.length, frame);
  const tracks = columns.map(({ width }) => width).join(' ');
  return (
    <div className="table" ref={frame}>
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is a table whose rows the keyboard walks.
        role="grid"
        aria-label="Machines"
        aria-rowcount={total === null ? -1 : total + 1}
        aria-colcount={columns.length}
        onKeyDown={onKeyDown}
      >
        <thead>
          <tr aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
            {columns.map(({ key, title }, index) => (
              <th key={key} scope="col" aria-colindex={index + 1} aria-sort={directionOf(sort, key)}>
                <button type="button" onClick={() => onSort(nextSort(sort, key))}>
                  {title}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody style={{ height: scroller.getTotalSize() }}>
          {scroller.getVirtualItems().map(({ index, start }) => {
            const machine = rows[index];
            if (machine === undefined) return null;
            return (
              <FleetRow
                key={machine.id}
                {...{ machine, columns, index, start, nowMs, tracks }}
                isActive={index === active}
                onFocus={setActive}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function directionOf(sort: FleetSort | null, key: string): 'ascending' | 'descending' | 'none' {
  if (sort?.column.key !== key) return 'none';
  return sort.descending ? 'descending' : 'ascending';
}

/** Which row the keyboard is at, and which are in sight. */
function useRows(count: number, frame: React.RefObject<HTMLDivElement | null>) {
  const [at, setAt] = useState(0);
  const active = Math.min(at, count - 1);
  const wanted = useRef<number | null>(null);
  const scroller = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    // The head covers the first of them otherwise.
    scrollPaddingStart: rowHeight,
  });
  // The row that a key asked for may not have been drawn before.
  useEffect(() => {
    if (wanted.current === null) return;
    const link = frame.current?.querySelector<HTMLElement>(`[aria-rowindex="${wanted.current + 2}"] a`);
    if (!link) return;
    wanted.current = null;
    link.focus({ preventScroll: true });
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement) || event.target.closest('thead')) return;
    const next = nextRow(event.key, active);
    if (next === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const row = Math.max(0, Math.min(count - 1, next));
    wanted.current = row;
    setAt(row);
    scroller.scrollToIndex(row);
  };
  return { active, setActive: setAt, onKeyDown, scroller };
}

function nextRow(key: string, at: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ...{ ArrowDown: 1, ArrowUp: -1, PageDown: pageRows, PageUp: -pageRows },
    ...{ Home: Number.NEGATIVE_INFINITY, End: Number.POSITIVE_INFINITY },
  };
  const step = steps[key];
  return step === undefined ? null : at + step;
}
