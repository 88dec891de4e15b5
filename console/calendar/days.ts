/** A week of days, and what falls into each. By the clock of who looks. Pure. */
import type { CalendarView } from '../../contract/calendarschemas.ts';

type OpenSpell = CalendarView['windows'][number];

export const daysShown = 7;

/** Midnight of the day that an address names, or of today. */
export function firstDay(named: string | null, nowMs: number): Date {
  const [year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(named ?? '') ?? []).slice(1).map(Number);
  const now = new Date(nowMs);
  if (year === undefined || month === undefined) return new Date(now.getFullYear(), now.getMonth(), now.getDate());
  return new Date(year, month - 1, day);
}

/** So many days later. Days are not all 24 hours long. */
export function addDays(day: Date, count: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + count);
}

/** `2026-11-30`. */
export function nameOfDay(day: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

export interface DayRow {
  readonly of: OpenSpell['of'];
  readonly name: string;
  /** What is open on each day, like `22:00 to 24:00`. */
  readonly days: readonly (readonly string[])[];
}

/** A row for each semaphore and campaign. What is open past midnight is in both days. */
export function rowsOfWeek(windows: readonly OpenSpell[], first: Date): DayRow[] {
  const owners = Map.groupBy(windows, ({ of, name }) => `${of} ${name}`);
  return [...owners.values()].flatMap((own) => {
    const [{ of, name } = { of: 'semaphore' as const, name: '' }] = own;
    const days = Array.from({ length: daysShown }, (_, index) => spellsOf(own, addDays(first, index)));
    return days.some((spells) => spells.length > 0) ? [{ of, name, days }] : [];
  });
}

function spellsOf(own: readonly OpenSpell[], day: Date): string[] {
  const [begin, end] = [day.getTime(), addDays(day, 1).getTime()];
  return own.flatMap(({ opens, closes }) => {
    const [from, to] = [Math.max(Date.parse(opens), begin), Math.min(Date.parse(closes), end)];
    if (from >= to) return [];
    return [`${clock(from)} to ${to === end ? '24:00' : clock(to)}`];
  });
}

function clock(at: number): string {
  const time = new Date(at);
  return `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`;
}
