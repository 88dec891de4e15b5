/** Whose turn it is. Pure; imports nothing. */

export interface Rotation {
  readonly people: readonly string[];
  /** Day on which the first of them takes over, `2026-11-23`. */
  readonly first: string;
  /** Days a turn. */
  readonly days: number;
  /** Time of day of the hand-over, `09:00`. */
  readonly handover: string;
  /** IANA time zone in which day and time of day are meant. */
  readonly zone: string;
}

/** From its beginning, and no longer at its end. */
export interface Swap {
  readonly person: string;
  readonly from: Date;
  readonly until: Date;
}

/** At the very moment of a hand-over it is the new one. Of several swaps the first given holds. */
export function onCallAt(rotation: Rotation, swaps: readonly Swap[], at: Date): string {
  const swap = swaps.find(({ from, until }) => from <= at && at < until);
  if (swap) return swap.person;
  const { people } = rotation;
  const shift = Math.floor(dayOf(rotation, at) / rotation.days);
  return people[((shift % people.length) + people.length) % people.length] ?? '';
}

export interface OnCallShift {
  readonly person: string;
  readonly until: Date;
  readonly swapped: boolean;
}

/** Who it is, and until when that is sure. */
export function shiftAt(rotation: Rotation, swaps: readonly Swap[], at: Date): OnCallShift {
  const shift = Math.floor(dayOf(rotation, at) / rotation.days);
  const handover = startOf(rotation, (shift + 1) * rotation.days);
  const edges = swaps.flatMap(({ from, until }) => [from, until]).filter((edge) => edge > at);
  const until = new Date(Math.min(handover.getTime(), ...edges.map((edge) => edge.getTime())));
  const swapped = swaps.some((swap) => swap.from <= at && at < swap.until);
  return { person: onCallAt(rotation, swaps, at), until, swapped };
}

const day = 24 * 60 * 60_000;

/** Days since the first hand-over; a day begins at the time of day of the hand-over, by the zone's own clock. */
function dayOf({ first, handover, zone }: Rotation, at: Date): number {
  const local = new Date(at.getTime() + offset(zone, at));
  const days = Math.floor((local.getTime() - Date.parse(`${first}T00:00:00Z`)) / day);
  const [hours = 0, minutes = 0] = handover.split(':').map(Number);
  const late = local.getUTCHours() * 60 + local.getUTCMinutes() >= hours * 60 + minutes;
  return late ? days : days - 1;
}

/** The moment at which that many days have passed. An hour that the clocks skip or repeat is met at its earlier edge. */
function startOf({ first, handover, zone }: Rotation, days: number): Date {
  const local = Date.parse(`${first}T${handover}:00Z`) + days * day;
  const guess = new Date(local - offset(zone, new Date(local)));
  return new Date(local - offset(zone, guess));
}

/** Milliseconds by which the zone's clock is ahead of UTC at that moment. */
function offset(zone: string, at: Date): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return local - Math.floor(at.getTime() / 1000) * 1000;
}
