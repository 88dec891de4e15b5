import type { CalendarView } from '../../contract/calendarschemas.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { useNow } from '../frame/now.ts';
import { Table } from '../machine/table.tsx';
import { formatAgo, formatTime } from '../time.ts';
import { countOf, shownName } from '../words.ts';

/** Orders by the time at which they may begin. */
export function Scheduled({ orders, isCut }: Pick<CalendarView, 'orders' | 'isCut'>) {
  const nowMs = useNow(10_000);
  if (orders.length === 0) return <p className="quiet">No order waits for a time in this week.</p>;
  return (
    <>
      <p role="status">{isCut ? `The first ${countOf(orders.length, 'order')}` : countOf(orders.length, 'order')}</p>
      <Table
        title="Orders that wait for their time"
        head={['Not before', 'Until', 'Machine', 'Passage', 'State', 'By', 'Why']}
        rows={orders.map(({ order, opens, closes }) => ({
          key: order.id,
          cells: [
            `${formatTime(opens)} (${formatAgo(opens, nowMs)})`,
            closes === null ? '–' : formatTime(closes),
            <PageLink key="machine" href={machineAddress(order.machineId)}>
              {shownName({ id: order.machineId, hostname: order.hostname })}
            </PageLink>,
            order.passage,
            order.state,
            order.requester,
            order.reason,
          ],
        }))}
      />
    </>
  );
}
