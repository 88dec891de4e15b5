/** Words of the MDB as people read them. Pure. */

/** `in_service` is *in service*. */
export function plainWord(word: string): string {
  return word.replaceAll('_', ' ');
}

export function shownName({ id, hostname }: { readonly id: string; readonly hostname: string | null }): string {
  return hostname ?? id;
}

/** `1 machine`, `10,000 machines`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
