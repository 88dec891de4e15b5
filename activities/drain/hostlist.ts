const most = 100_000;

/**
 * The names in one of Slurm's host lists, e.g. `gpu[01-03,07],login` is gpu01, gpu02, gpu03, gpu07 and login. Throws
 * for one that is malformed or larger than any cluster. Pure.
 */
export function expandHostlist(list: string): string[] {
  const names = split(list).flatMap(expandOne);
  if (names.length > most) throw new RangeError(`a host list names more than ${most} hosts`);
  return names;
}

/** At the commas outside brackets. */
function split(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of list) {
    if (character === '[') depth += 1;
    if (character === ']') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return [...parts, part].filter((one) => one !== '');
}

function expandOne(part: string): string[] {
  const match = /^([^[\]]*)\[([^[\]]*)\](.*)$/.exec(part);
  if (!match) {
    if (/[[\]]/.test(part)) throw new RangeError('a host list has a bracket without its other half');
    return [part];
  }
  const [, before = '', inside = '', after = ''] = match;
  const tails = expandOne(after);
  const middles = inside.split(',').flatMap(expandRange);
  if (middles.length * tails.length > most) throw new RangeError(`a host list names more than ${most} hosts`);
  return middles.flatMap((middle) => tails.map((tail) => `${before}${middle}${tail}`));
}

function expandRange(range: string): string[] {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(range);
  if (!match) throw new RangeError('a host list has a range that is none');
  const [, first = '', last = first] = match;
  const length = Number(last) - Number(first) + 1;
  if (length < 1 || length > most) throw new RangeError('a host list has a range that is none');
  return Array.from({ length }, (_, index) => String(Number(first) + index).padStart(first.length, '0'));
}
