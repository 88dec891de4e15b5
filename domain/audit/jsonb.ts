/** JSON as PostgreSQL writes its `jsonb`: the form that hashes of the audit are taken of. */

/** A number as it was written: as a number of ours it could lose digits. */
class Numeral {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** The value of a JSON text, its numbers kept as they were written. Throws SyntaxError. */
export function parseExactly(text: string): unknown {
  const keep = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? new Numeral(context?.source ?? String(value)) : value;
  return JSON.parse(text, keep as (key: string, value: unknown) => unknown);
}

/** The text that PostgreSQL writes for such a value, or for one of ours. */
export function renderJsonb(value: unknown): string {
  if (value instanceof Numeral) return value.text;
  if (Array.isArray(value)) return `[${value.map(renderJsonb).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, each]) => ({ name, bytes: encoder.encode(name), each }));
  entries.sort((one, other) => compare(one.bytes, other.bytes));
  return `{${entries.map(({ name, each }) => `${JSON.stringify(name)}: ${renderJsonb(each)}`).join(', ')}}`;
}

/** A number that was read exactly, as a number. */
export function numberOf(value: unknown): number {
  return value instanceof Numeral ? Number(value.text) : Number.NaN;
}

const encoder = new TextEncoder();

/** Shorter names come first. */
function compare(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) return one.length - other.length;
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
