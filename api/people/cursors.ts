/** Cursors of lists: where a page ended, sealed, so that nobody makes one up. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError } from './errors.ts';

export interface Cursors {
  /** The cursor behind the row with this id. */
  seal(list: string, id: string): Promise<string>;
  /** The id of the row that a page begins behind; undefined for the first page. Throws ApiError for what was not sealed here. */
  open(list: string, cursor: string | undefined): Promise<string | undefined>;
}

/** `readKey` is asked once it is needed; one key for all processes, so that any of them serves the next page. */
export function createCursors(readKey: () => Promise<string>): Cursors {
  let known: Promise<string> | null = null;
  const keyOf = () => {
    known ??= readKey().catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  };
  const sealed = async (text: string) => {
    const seal = createHmac('sha256', await keyOf())
      .update(text)
      .digest()
      .subarray(0, 12);
    return `${Buffer.from(text).toString('base64url')}.${seal.toString('base64url')}`;
  };

  return {
    seal: (list, id) => sealed(JSON.stringify([list, id])),
    open: async (list, cursor) => {
      if (cursor === undefined) return undefined;
      const text = Buffer.from(cursor.split('.')[0] ?? '', 'base64url').toString('utf8');
      const [given, own] = [Buffer.from(cursor), Buffer.from(await sealed(text))];
      const [of, id] = given.length === own.length && timingSafeEqual(given, own) ? (JSON.parse(text) as string[]) : [];
      if (of !== list || id === undefined)
        throw new ApiError('invalid', 'after: is not the `next` of a page of this list', 'after');
      return id;
    },
  };
}

interface Page<T> {
  readonly rows: readonly T[];
  /** What to give as `after` for the next page; null on the last. */
  readonly next: string | null;
  /** How many there are on all pages. */
  readonly total: number;
}

/** One page: its rows and one more are read, which tells whether there is another. */
export async function readPage<T extends { readonly id: string }>(
  cursors: Cursors,
  list: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  read: (page: { readonly after: string | undefined; readonly limit: number }) => Promise<readonly T[]>,
  count: () => Promise<number>,
): Promise<Page<T>> {
  const from = await cursors.open(list, after);
  const [found, total] = await Promise.all([read({ after: from, limit: limit + 1 }), count()]);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, total, next: found.length > limit && last ? await cursors.seal(list, last.id) : null };
}
