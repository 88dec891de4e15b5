import { useQuery } from '@tanstack/react-query';
import { addressWith, PageLink, useAddress } from '../address.tsx';
import { useNow } from '../frame/now.ts';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith, useLive } from '../live.ts';
import { fetchCalendar, fetchSemaphores } from './asking.ts';
import { addDays, daysShown, firstDay, nameOfDay } from './days.ts';
import { Scheduled } from './scheduled.tsx';
import { Semaphores } from './semaphores.tsx';
import { Week } from './week.tsx';

/** Of policies no change is told. */
const quietMs = 30_000;

/** What is to come: windows, orders that wait for their time, and who waits for a permit now. */
export function CalendarPage() {
  const live = useLive('', 'order,campaign,permit');
  const address = useAddress();
  const first = firstDay(address.searchParams.get('from'), useNow(60_000));
  const from = first.toISOString();
  const calendar = useQuery({
    queryKey: ['calendar', from],
    queryFn: ({ signal }) => fetchCalendar({ from, days: daysShown }, signal),
    placeholderData: (before) => before,
    refetchInterval: quietMs,
    ...outOfDateWith('order', 'campaign'),
    ...live,
  });
  const semaphores = useQuery({
    queryKey: ['semaphores'],
    queryFn: ({ signal }) => fetchSemaphores(signal),
    refetchInterval: quietMs,
    ...outOfDateWith('permit'),
    ...live,
  });
  const weekFrom = (day: Date | null) => addressWith(address, { from: day === null ? null : nameOfDay(day) });
  return (
    <PageFrame title="Calendar">
      <ul className="links" aria-label="Other weeks">
        <li>
          <PageLink href={weekFrom(addDays(first, -daysShown))}>The week before</PageLink>
        </li>
        <li>
          <PageLink href={weekFrom(null)}>From today</PageLink>
        </li>
        <li>
          <PageLink href={weekFrom(addDays(first, daysShown))}>The week after</PageLink>
        </li>
      </ul>
      <div className="parts">
        <PagePart title="Windows" query={calendar}>
          {({ windows }) => <Week windows={windows} first={first} />}
        </PagePart>
        <PagePart title="Orders that wait for their time" query={calendar}>
          {({ orders, isCut }) => <Scheduled orders={orders} isCut={isCut} />}
        </PagePart>
        <PagePart title="Semaphores" query={semaphores}>
          {(shown) => <Semaphores semaphores={shown} />}
        </PagePart>
      </div>
    </PageFrame>
  );
}
