/** Takes properties out of a document; `Boot/BootOrder` is one inside another, or inside each of a list. */
export function without(
  document: Readonly<Record<string, unknown>>,
  paths: readonly string[],
): Record<string, unknown> {
  const whole = paths.filter((path) => !path.includes('/'));
  const deeper = Map.groupBy(
    paths.filter((path) => path.includes('/')),
    (path) => path.slice(0, path.indexOf('/')),
  );
  return Object.fromEntries(
    Object.entries(document).flatMap(([name, value]) => {
      if (whole.includes(name)) return [];
      const inner = (deeper.get(name) ?? []).map((path) => path.slice(name.length + 1));
      return [[name, inner.length > 0 ? withoutIn(value, inner) : value]];
    }),
  );
}

function withoutIn(value: unknown, paths: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutIn(one, paths));
  return typeof value === 'object' && value !== null ? without(value as Record<string, unknown>, paths) : value;
}
