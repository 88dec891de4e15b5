/** The same value with its names in one order: the MDB, and whoever writes JSON, may give them in any. */
export function inNameOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inNameOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, inNameOrder(each)]));
}

export function isSameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(inNameOrder(one)) === JSON.stringify(inNameOrder(other));
}
