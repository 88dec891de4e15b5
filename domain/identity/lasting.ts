interface Known {
  /** Null for one that never told its inventory. */
  readonly memoryMib: number | null;
  readonly rackId: string | null;
  readonly firstBootAt: Date;
}

/** The row that stays: what has reported an inventory or has a place, else what was seen first. */
export function chooseLasting<M extends Known>(one: M, other: M): { lasting: M; passing: M } {
  const rank = (machine: M) => (machine.memoryMib === null ? 0 : 2) + (machine.rackId === null ? 0 : 1);
  const first = one.firstBootAt <= other.firstBootAt ? one : other;
  const lasting = rank(one) === rank(other) ? first : rank(one) > rank(other) ? one : other;
  return { lasting, passing: lasting === one ? other : one };
}
