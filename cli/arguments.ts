/** How arguments are read; commander turns an InvalidArgumentError into a sentence. */
import { InvalidArgumentError } from 'commander';

/** Reads a whole number. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Reads a time: with its zone, or from now on, like `+90m`, `+2h` or `+7d`. */
export function timeArgument(text: string): string {
  const [, count = '', unit = ''] = /^\+(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count !== '') {
    const minutes = { m: 1, h: 60, d: 1440 }[unit as 'm' | 'h' | 'd'];
    return new Date(Date.now() + Number(count) * minutes * 60_000).toISOString();
  }
  if (/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) && Number.isFinite(Date.parse(text))) return text;
  throw new InvalidArgumentError('It must be a time like 2026-11-21T09:00:00Z, or +90m, +2h or +7d from now.');
}

/** Collects repeated `--set name=value`. */
export function addSetting(given: string, before: Record<string, string>): Record<string, string> {
  const equals = given.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It is not name=value.');
  return { ...before, [given.slice(0, equals)]: given.slice(equals + 1) };
}
