import type { RackPlace } from './places.ts';
import { refuseProblems } from './problems.ts';

/** Gives every rack its number: the one it has, else the one asked for, else the lowest that is free. */
export function numberRacks(given: readonly RackPlace[], taken: ReadonlyMap<number, string>) {
  const numbers = new Map([...taken].map(([ordinal, id]) => [id, ordinal]));
  const used = new Set(taken.keys());
  const problems: string[] = [];
  for (const { id, ordinal } of given) {
    if (ordinal === undefined || numbers.get(id) === ordinal) continue;
    if (numbers.has(id))
      problems.push(
        `rack ${id} has number ${numbers.get(id)}, from which addresses follow; it cannot become ${ordinal}`,
      );
    else if (used.has(ordinal))
      problems.push(`rack ${id} cannot have number ${ordinal}: rack ${taken.get(ordinal)} has it`);
    numbers.set(id, ordinal);
    used.add(ordinal);
  }
  refuseProblems(problems);
  let next = 0;
  return given.map((rack) => {
    while (!numbers.has(rack.id) && used.has(next)) next += 1;
    const ordinal = numbers.get(rack.id) ?? next;
    used.add(ordinal);
    return {
      id: rack.id,
      row: rack.row ?? null,
      feed: rack.feed ?? null,
      az: rack.az ?? null,
      units: rack.units ?? 48,
      ordinal,
    };
  });
}
