/** Which machines a selector means. Everything that was typed reaches the MDB as a parameter. */
import { type SQL, sql } from 'drizzle-orm';
import { parseSelector, type Selector, type Term } from '../../domain/selector.ts';
import { doubtWords, valuesOf } from '../../domain/selectorwords.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { attributeSql, doubtAttributes } from './attributes.ts';

/**
 * Reads a selector that somebody gives: the one reader for orders, campaigns, lists and tags. A sentence where it can't
 * be read, where no machine has what it names, and where it names a state that there is not.
 */
export async function readSelector(mdb: MdbOrTransaction, text: string): Promise<Selector | string> {
  const parsed = parseSelector(text);
  if (typeof parsed === 'string') return parsed;
  const doubt = (await doubtAttributes(mdb, parsed.terms)) ?? doubtWords(parsed);
  if (doubt !== null) return doubt;
  return (await doubtExcluded(mdb, parsed)) ?? parsed;
}

/** What one machine has for itself. */
const ofOne = new Set(['id', 'machine', 'mac', 'hostname', 'serial']);

/** Who excludes a machine that there is not has mistyped one that there is, and would act on it. */
async function doubtExcluded(mdb: MdbOrTransaction, { terms }: Selector): Promise<string | null> {
  for (const term of terms.filter(({ key, tag, operator }) => operator === 'notin' && !tag && ofOne.has(key))) {
    const rows = await mdb.execute<{ value: string }>(
      sql`select distinct ${attributeSql(term)} as value from machines m where ${termSql({ ...term, operator: 'in' })}`,
    );
    const known = new Set(rows.map(({ value }) => value));
    const unknown = valuesOf(term).find((value) => !known.has(value));
    if (unknown !== undefined)
      return `no machine has the ${term.key} ${JSON.stringify(unknown)}: to exclude it excludes nothing`;
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
    valuesOf(term).map((value) => sql`${value}`),
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
  const rows = await mdb.execute<{ id: string }>(
    sql`select m.id from machines m where ${selectorSql(selector)} order by m.id limit ${limit + 1}`,
  );
  return rows.map(({ id }) => id);
}

/** A condition on `machines m`: one of these. */
export function among(ids: readonly string[]): SQL {
  return sql`m.id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`;
}

/** Which of some machines a selector means. */
export async function selectAmong(
  mdb: MdbOrTransaction,
  selector: Selector,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await mdb.execute<{ id: string }>(
    sql`select m.id from machines m where ${among(ids)} and ${selectorSql(selector)}`,
  );
  return rows.map(({ id }) => id);
}
