/** In which order machines are shown. Pure. */
import type { MachineSummary } from '../../contract/api.ts';
import { type FleetColumn, fleetColumns } from './columns.ts';

export interface FleetSort {
  readonly column: FleetColumn;
  readonly descending: boolean;
}

/** Reads `since` or `-since`; null for no order or none that there is, which is that of ids. */
export function readSort(text: string | null): FleetSort | null {
  const column = fleetColumns.find(({ key }) => key === text?.replace(/^-/, ''));
  return column === undefined ? null : { column, descending: text?.startsWith('-') === true };
}

/** What the address bar says after a column's title was pressed: up, then down, then in no order. */
export function nextSort(now: FleetSort | null, key: string): string | null {
  if (now?.column.key !== key) return key;
  return now.descending ? null : `-${key}`;
}

// One for all: made anew for each comparison it would take seconds for ten thousand.
const { compare } = new Intl.Collator('en', { numeric: true });

export function sortMachines(machines: readonly MachineSummary[], sort: FleetSort | null): readonly MachineSummary[] {
  if (sort === null) return machines;
  const { column, descending } = sort;
  const rankOf = column.rank ?? ((machine: MachineSummary) => column.text(machine, 0));
  const ranked = machines.map((machine) => ({ machine, rank: rankOf(machine) }));
  const way = descending ? -1 : 1;
  ranked.sort((one, other) => {
    if (one.rank === null || other.rank === null) return Number(one.rank === null) - Number(other.rank === null);
    if (typeof one.rank === 'number' && typeof other.rank === 'number') return way * (one.rank - other.rank);
    return way * compare(String(one.rank), String(other.rank));
  });
  return ranked.map(({ machine }) => machine);
}
