import type { CalendarView } from '../../contract/calendarschemas.ts';
import { PageLink } from '../address.tsx';
import { campaignAddress } from '../campaigns/page.tsx';
import { Table } from '../machine/table.tsx';
import { addDays, type DayRow, daysShown, rowsOfWeek } from './days.ts';

const format = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });

interface WeekSpec {
  readonly windows: CalendarView['windows'];
  readonly first: Date;
}

/** Days across, semaphores and campaigns down; who has no window is open at any time. */
export function Week({ windows, first }: WeekSpec) {
  const rows = rowsOfWeek(windows, first);
  if (rows.length === 0)
    return <p className="quiet">No semaphore and no campaign has a window in this week: they go on at any time.</p>;
  return (
    <Table
      title="Windows by day"
      head={['Of', ...Array.from({ length: daysShown }, (_, index) => format.format(addDays(first, index)))]}
      rows={rows.map((row) => ({
        key: `${row.of} ${row.name}`,
        cells: [<Owner key="of" row={row} />, ...cellsOf(row)],
      }))}
    />
  );
}

const cellsOf = ({ days }: DayRow) =>
  days.map((spells, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a day of the week is its number.
    <span key={index} className="spells">
      {spells.length === 0 ? '·' : spells.map((spell) => <span key={spell}>{spell}</span>)}
    </span>
  ));

function Owner({ row: { of, name } }: { readonly row: DayRow }) {
  return of === 'campaign' ? (
    <PageLink href={campaignAddress(name)}>{`campaign ${name}`}</PageLink>
  ) : (
    `semaphore ${name}`
  );
}
