/** Times as people read them. Pure. */
const units = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

/** `3 min`, `2 h 5 min`: at most two units, of which the smaller is left out where it is nothing. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const index = units.findIndex(([size]) => whole >= size);
  const [size, name] = units[index] ?? [1, 's'];
  const more = units[index + 1];
  const first = `${Math.floor(whole / size)} ${name}`;
  if (index < 0 || more === undefined || whole >= 10 * size) return first;
  const rest = Math.floor((whole % size) / more[0]);
  return rest === 0 ? first : `${first} ${rest} ${more[1]}`;
}

/** How long ago, or how long until. */
export function formatAgo(at: string | null, nowMs: number): string {
  if (at === null) return '–';
  const seconds = (nowMs - Date.parse(at)) / 1000;
  return seconds >= 0 ? `${formatSpan(seconds)} ago` : `in ${formatSpan(-seconds)}`;
}

/** By the clock of who looks: `2026-11-30 10:41:05`. */
export function formatTime(at: string | number): string {
  const local = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())}`;
  return `${day} ${two(local.getHours())}:${two(local.getMinutes())}:${two(local.getSeconds())}`;
}
