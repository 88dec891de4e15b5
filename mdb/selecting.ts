/** Which machines a selector means. Everything that was typed reaches the MDB as a parameter. */
import { type SQL, sql } from 'drizzle-orm';
import { suggest } from '../contract/names.ts';
import { parseSelector, type Selector, type Term } from '../contract/selector.ts';
import { attributeSql, columnWords, doubtAttributes } from './attributes.ts';
import type { MdbOrTransaction } from './connect.ts';

/**
 * Reads a selector that somebody gives: the one reader for orders, campaigns, lists and tags. A sentence where it can't
 * be read, where no machine has what it names, and where it names a state that there is not.
 */
export async function readSelector(mdb: MdbOrTransaction, text: string): Promise<Selector | string> {
  const read = parseSelector(text);
  if (typeof read === 'string') return read;
  return (await doubtAttributes(mdb, read.terms)) ?? doubtWords(read) ?? read;
}

/** A word that a column can never be would select nothing, and exclude nothing. */
function doubtWords({ terms }: Selector): string | null {
  for (const { key, tag, values } of terms) {
    const words = tag || !Object.hasOwn(columnWords, key) ? undefined : columnWords[key];
    const wrong = words && values.find((value) => !words.includes(value));
    if (words && wrong !== undefined)
      return `${key} is never ${JSON.stringify(wrong)}${suggest(wrong, words)}: it is one of ${words.join(', ')}`;
  }
  return null;
}

/** A condition on `machines m`. */
export function selectorSql({ terms }: Selector): SQL {
  if (terms.length === 0) return sql`true`;
  return sql.join(terms.map(termSql), sql` and `);
}

function termSql(term: Term): SQL {
  const attribute = attributeSql(term);
  const values = sql.join(
    term.values.map((value) => sql`${value}`),
    sql`, `,
  );
  switch (term.operator) {
    case 'exists':
      return sql`${attribute} is not null`;
    case 'absent':
      return sql`${attribute} is null`;
    case 'in':
      return sql`${attribute} in (${values})`;
    case 'notin':
      return sql`(${attribute} is null or ${attribute} not in (${values}))`;
  }
}

/** Ids of the machines that a selector means, in their order; one more than `limit` says that there are too many. */
export async function selectMachines(mdb: MdbOrTransaction, selector: Selector, limit: number): Promise<string[]> {
  const { rows } = await mdb.execute<{ id: string }>(
    sql`select m.id from machines m where ${selectorSql(selector)} order by m.id limit ${limit + 1}`,
  );
  return rows.map(({ id }) => id);
}
