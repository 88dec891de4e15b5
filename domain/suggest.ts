/** What a person may have meant by a name that there is not. Pure. */

/** ` (did you mean "rack"?)`: the known name that is nearest, where one is near; empty where none is. */
export function suggest(name: string, known: Iterable<string>): string {
  let best: string | null = null;
  let min = name.length < 4 ? 1 : name.length < 8 ? 2 : 3;
  for (const one of known) {
    const away = distance(name.toLowerCase(), one.toLowerCase(), min);
    if (away > min || (away === min && best !== null)) continue;
    best = one;
    min = away;
  }
  return best === null ? '' : ` (did you mean ${JSON.stringify(best)}?)`;
}

/** Letters to insert, remove, replace or swap with their neighbour; anything past `most` is reported as one more than that. */
function distance(left: string, right: string, max: number): number {
  if (Math.abs(left.length - right.length) > max) return max + 1;
  let earlier: number[] = [];
  let before = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const now = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        (before[column] ?? 0) + 1,
        (now[column - 1] ?? 0) + 1,
        (before[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1])
        cost = Math.min(cost, (earlier[column - 2] ?? 0) + 1);
      now.push(cost);
    }
    earlier = before;
    before = now;
  }
  return before[right.length] ?? max + 1;
}
