import type { CalendarView } from '../../contract/calendarschemas.ts';
import type { SemaphoreDetail, SemaphoreView } from '../../contract/permitviews.ts';
import { fetchFrom, pathPart, sendTo } from '../client.ts';

export const fetchCalendar = (query: { from: string; days: number }, signal: AbortSignal) =>
  fetchFrom<CalendarView>('/calendar', query, signal);

export const fetchSemaphores = async (signal: AbortSignal) =>
  (await fetchFrom<{ semaphores: SemaphoreView[] }>('/semaphores', {}, signal)).semaphores;

/** By a name like `reboot/rack=A12`. */
export const fetchSemaphore = (name: string, signal: AbortSignal) =>
  fetchFrom<SemaphoreDetail>(`/semaphores/${pathPart(name)}`, {}, signal);

export const evict = (permit: string, reason: string) =>
  sendTo<object>('POST', `/permits/${pathPart(permit)}/evict`, { reason });
