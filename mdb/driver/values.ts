/** Values on their way to PostgreSQL and back, as text both ways. */

/** A bound value as PostgreSQL reads it; which type it is, the statement says. */
export function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  return Array.isArray(value) ? arrayText(value) : JSON.stringify(value);
}

function arrayText(values: readonly unknown[]): string {
  const texts = values.map((value) => {
    if (Array.isArray(value)) return arrayText(value);
    const text = toText(value);
    return text === null ? 'NULL' : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  });
  return `{${texts.join(',')}}`;
}

type Parse = (text: string) => unknown;

const [bool, number, text, json] = [(value: string) => value === 't', Number, undefined, JSON.parse] as const;

/**
 * What becomes of a type's text, by its number in PostgreSQL; any other stays text, as times do: the tables' columns say
 * what they are read as. Counts (int8) fit in a number here.
 */
export const parsers: Readonly<Record<number, Parse>> = {
  16: bool,
  17: (value) => Buffer.from(value.slice(2), 'hex'),
  ...each([20, 21, 23, 26, 700, 701], number),
  ...each([114, 3802], json),
  1000: arrayOf(bool),
  ...each([1005, 1007, 1016, 1021, 1022, 1028], arrayOf(number)),
  // name, text, varchar, char, uuid, inet, cidr, macaddr, numeric
  ...each([1003, 1009, 1015, 1014, 1002, 2951, 1041, 651, 1040, 1231], arrayOf(text)),
  ...each([199, 3807], arrayOf(json)),
};

function each(types: readonly number[], parse: Parse): Record<number, Parse> {
  return Object.fromEntries(types.map((type) => [type, parse]));
}

function arrayOf(parse: Parse | undefined): Parse {
  return (value) => readArray(value, parse);
}

/** One element at a time: a brace, a quoted text with what is escaped in it, or a plain text. */
const token = /[{}]|"((?:[^"\\]|\\.)*)"|[^{},"]+/gs;

function readArray(value: string, parse: Parse = (plain) => plain): unknown[] {
  // Bounds that don't begin with one come first: `[0:1]={a,b}`.
  const body = value.slice(value.indexOf('{'));
  const open: unknown[][] = [[]];
  for (const [found, quoted] of body.matchAll(token)) {
    if (found === '{') open.push([]);
    else if (found === '}') open.at(-2)?.push(open.pop());
    else if (quoted !== undefined) open.at(-1)?.push(parse(quoted.replace(/\\(.)/gs, '$1')));
    else open.at(-1)?.push(found === 'NULL' ? null : parse(found));
  }
  return (open[0]?.[0] ?? []) as unknown[];
}
