/** Fields of one row, of which those that nobody asks for are told: nothing is dropped in silence. */

export interface Fields {
  /** Text, a number's too; null where there is none. */
  text(name: string): string | null;
  /** Whatever it is. */
  value(name: string): unknown;
  /** An object's own fields; those of nothing where it is none. */
  inner(name: string): Fields;
  /** Objects of a list. */
  list(name: string): Fields[];
  /** Fields that are known, and mean nothing here. */
  pass(...names: readonly string[]): void;
  /** Paths in which something stands that nobody asked for. */
  left(): string[];
}

export function openFields(value: unknown): Fields {
  const own = isPlainObject(value) ? value : {};
  const asked = new Set<string>();
  const opened = new Map<string, Fields[]>();
  const take = (name: string): unknown => {
    asked.add(name);
    return Object.hasOwn(own, name) ? own[name] : undefined;
  };
  const open = (name: string, values: readonly unknown[]) => {
    const known = opened.get(name) ?? values.map(openFields);
    opened.set(name, known);
    return known;
  };
  return {
    value: take,
    text: (name) => {
      const text = textOf(own[name]);
      // What is no text stays among those that nobody asked for.
      if (text !== null) asked.add(name);
      return Object.hasOwn(own, name) ? text : null;
    },
    inner: (name) => open(name, [take(name)])[0] ?? openFields(null),
    list: (name) => {
      const given = take(name);
      return open(name, Array.isArray(given) ? given.filter(isPlainObject) : []);
    },
    pass: (...names) => {
      for (const name of names) asked.add(name);
    },
    left: () => [
      ...Object.keys(own).filter((name) => !asked.has(name) && !isEmpty(own[name])),
      ...[...opened].flatMap(([name, inner]) => inner.flatMap((one) => one.left()).map((path) => `${name}.${path}`)),
    ],
  };
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
