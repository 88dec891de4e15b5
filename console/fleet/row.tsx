import { memo } from 'react';
import type { MachineSummary } from '../../contract/api.ts';
import { machineAddress, PageLink } from '../address.tsx';
import type { FleetColumn } from './columns.ts';

interface FleetRowSpec {
  readonly machine: MachineSummary;
  readonly columns: readonly FleetColumn[];
  readonly index: number;
  /** Pixels from the top of all rows. */
  readonly start: number;
  readonly nowMs: number;
  readonly tracks: string;
  /** Whether the tab key comes to it. */
  readonly isActive: boolean;
  readonly onFocus: (index: number) => void;
}

/** One machine. Kept as it was drawn while nothing of it changes, so that scrolling draws only what comes into sight. */
export const FleetRow = memo(function FleetRow(spec: FleetRowSpec) {
  const { machine, columns, index, start, nowMs, tracks, isActive, onFocus } = spec;
  return (
    <tr
      className={machine.held === null ? undefined : 'held'}
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${start}px)`, gridTemplateColumns: tracks }}
    >
      {columns.map((column, at) => {
        const text = column.text(machine, nowMs);
        return (
          <td key={column.key} aria-colindex={at + 1} title={text}>
            {column.key === 'machine' ? (
              <PageLink href={machineAddress(machine.id)} tabIndex={isActive ? 0 : -1} onFocus={() => onFocus(index)}>
                {text}
              </PageLink>
            ) : (
              text
            )}
          </td>
        );
      })}
    </tr>
  );
});
