/**
 * Whether one of Slurm's host lists, e.g. `gpu[01-03,07],r[1-2]n[08-10]-ib,login`, names a node. Null where a part of
 * it cannot be read and could mean the node by what stands before and behind that part. Ranges are compared and never
 * written out, so that no list is too long. Pure; throws for nothing.
 */
export function namesHost(list: string, node: string): boolean | null {
  let unsure = false;
  for (const part of split(list)) {
    const names = partNames(part, node);
    if (names === true) return true;
    unsure ||= names === null;
  }
  return unsure ? null : false;
}

/** At the commas and blanks outside brackets, which Slurm takes for the same. */
function split(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < list.length; at += 1) {
    const character = list[at];
    if (character === '[') depth += 1;
    if (character === ']') depth -= 1;
    if (!/[,\s]/.test(character ?? '') || depth > 0) continue;
    parts.push(list.slice(from, at));
    from = at + 1;
    depth = 0;
  }
  return [...parts, list.slice(from)].map((part) => part.trim()).filter((part) => part !== '');
}

const hostText = /^[A-Za-z0-9._-]*$/;
/** Text between brackets, then what the brackets hold. */
const pieces = /([A-Za-z0-9._-]*)(?:\[([^[\]]*)\])?/gy;

function partNames(part: string, node: string): boolean | null {
  // `(null)` and the like are words for no node.
  if (/^\(.*\)$/.test(part) || part === 'None assigned') return false;
  // Where in the name of the node what was read so far may end.
  let ends = new Set([0]);
  let odd = false;
  let read = 0;
  for (const [whole, text = '', inside] of part.matchAll(pieces)) {
    if (whole === '') break;
    read += whole.length;
    ends = after(ends, (at) => (node.startsWith(text, at) ? [at + text.length] : []));
    if (inside === undefined) continue;
    const ranges = inside.split(',').map((range) => readRange(range.trim()));
    odd ||= ranges.includes(null);
    ends = after(ends, (at) => ranges.flatMap((range) => range?.(node, at) ?? []));
  }
  odd ||= read < part.length;
  if (!odd || (read === part.length && ends.has(node.length))) return ends.has(node.length);
  return mayMean(part, node) ? null : false;
}

function after(ends: ReadonlySet<number>, step: (at: number) => readonly number[]): Set<number> {
  return new Set([...ends].flatMap(step));
}

/** Where the texts of a range that begin at `at` end. */
type Range = (node: string, at: number) => number[];

function readRange(text: string): Range | null {
  const [, first, last = first] = /^(\d{1,30})(?:-(\d{1,30}))?$/.exec(text) ?? [];
  if (first !== undefined && last !== undefined) return readNumbers(first, last);
  const [, low, high] = /^([0-9A-Z]{1,8})x([0-9A-Z]{1,8})$/.exec(text) ?? [];
  return low === undefined || high === undefined ? null : readBox(low, high);
}

/** `01-12`: numbers, as wide as the first is written. */
function readNumbers(first: string, last: string): Range | null {
  const [low, high] = [BigInt(first), BigInt(last)];
  if (low > high) return null;
  const widest = Math.max(first.length, String(high).length);
  return (node, at) => {
    const digits = /^\d*/.exec(node.slice(at, at + widest))?.[0] ?? '';
    const found: number[] = [];
    for (let width = first.length; width <= digits.length; width += 1) {
      const number = BigInt(digits.slice(0, width));
      const written = String(number).padStart(first.length, '0');
      if (low <= number && number <= high && written.length === width) found.push(at + width);
    }
    return found;
  };
}

/** `000x133`: a box of a machine with several dimensions, a digit in base 36 each. */
function readBox(low: string, high: string): Range | null {
  const bounds = [...low].map((digit, at) => [digit, high[at] ?? ''] as const);
  if (low.length !== high.length || bounds.some(([from, to]) => from > to)) return null;
  return (node, at) => {
    const digits = node.slice(at, at + low.length).toUpperCase();
    const within = bounds.every(([from, to], place) => from <= (digits[place] ?? '') && (digits[place] ?? '') <= to);
    return within ? [at + low.length] : [];
  };
}

/** By the plain text before and behind what cannot be read. */
function mayMean(part: string, node: string): boolean {
  const before = /^[A-Za-z0-9._-]*/.exec(part)?.[0] ?? '';
  const balanced = part.split('[').length === part.split(']').length;
  const behind = balanced ? part.slice(Math.max(part.lastIndexOf(']'), part.lastIndexOf('}')) + 1) : '';
  const tail = hostText.test(behind) && behind.length < part.length ? behind : '';
  return node.length >= before.length + tail.length && node.startsWith(before) && node.endsWith(tail);
}
