/** Text of an inventory as plain values: bounded, and with nothing in it that could become more than a value. */
import { type CsvError, parse } from 'csv-parse/sync';
import { parseAllDocuments } from 'yaml';

/** Text that cannot be read; the message names the place and no value. */
export class UnreadableInventory extends Error {
  override readonly name = 'UnreadableInventory';
}

/** A line of a table: where it begins, and its cells by the names of their columns. */
export interface TableLine {
  readonly row: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** Values that one text may hold, and how deep. */
const maxValues = 2_000_000;
const maxDepth = 32;
const maxColumns = 256;
/** Rows at most, those that say nothing included. */
const maxLines = 50_000;
const dangerous = new Set(['__proto__', 'constructor', 'prototype']);

export function jsonIn(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new UnreadableInventory('it is not JSON');
  }
  mustBePlain(value);
  return value;
}

/** All documents of the text. Aliases are expanded within a bound. */
export function yamlIn(text: string): unknown[] {
  try {
    const documents = parseAllDocuments(text, { schema: 'core', prettyErrors: false, logLevel: 'error' });
    const values = [...documents].map((document, index) => {
      const [error] = document.errors;
      if (error) throw new UnreadableInventory(`document ${index + 1} is not YAML: ${error.code}`);
      return document.toJS({ maxAliasCount: 100 }) as unknown;
    });
    const given = values.filter((value) => value !== null && value !== undefined);
    mustBePlain(given);
    return given;
  } catch (error) {
    if (error instanceof UnreadableInventory) throw error;
    // Too many aliases, or nested until the stack ended.
    throw new UnreadableInventory('it is YAML that is nested or repeats itself beyond all measure');
  }
}

/** Lines of a table with one line of names above it; separated by commas, semicolons or tabs. */
export function tableIn(text: string): TableLine[] {
  const delimiter = delimiterOf(text);
  let records: { readonly record: string[]; readonly info: { readonly lines: number } }[];
  try {
    records = parse(text, {
      ...{ bom: true, info: true, trim: true, delimiter, skip_empty_lines: true, relax_column_count_less: true },
      ...{ max_record_size: 256 * 1024, to: maxLines + 2 },
    }) as unknown as typeof records;
  } catch (error) {
    const { lines, code } = error as CsvError & { readonly lines?: number };
    throw new UnreadableInventory(`line ${lines ?? '?'} is not of this table: ${String(code).toLowerCase()}`);
  }
  const [head, ...rest] = records;
  const names = head?.record ?? [];
  if (names.length === 0) throw new UnreadableInventory('there is nothing in it');
  if (names.length > maxColumns) throw new UnreadableInventory(`it has more than ${maxColumns} columns`);
  if (rest.length > maxLines) throw new UnreadableInventory(`it has more than ${maxLines} lines`);
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  if (twice !== undefined) throw new UnreadableInventory(`two of its columns are called ${twice.slice(0, 80)}`);
  const danger = names.find((name) => dangerous.has(name));
  if (danger !== undefined) throw new UnreadableInventory(`a column is called ${danger}`);
  return rest.map(({ record, info }) => ({
    row: info.lines,
    cells: Object.fromEntries(record.map((cell, index) => [names[index] ?? '', cell])),
  }));
}

function delimiterOf(text: string): string {
  const [head = ''] = text.slice(0, 64 * 1024).split(/\r?\n/, 1);
  const counts = [',', ';', '\t'].map((sign) => [sign, head.split(sign).length] as const);
  return counts.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

function mustBePlain(whole: unknown): void {
  let left = maxValues;
  const visit = (value: unknown, depth: number): void => {
    left -= 1;
    if (left < 0) throw new UnreadableInventory(`it holds more than ${maxValues} values`);
    if (typeof value !== 'object' || value === null) return;
    if (depth === maxDepth) throw new UnreadableInventory(`it is nested deeper than ${maxDepth} levels`);
    for (const [key, inner] of Object.entries(value)) {
      if (dangerous.has(key)) throw new UnreadableInventory(`a field is called ${key}`);
      visit(inner, depth + 1);
    }
  };
  visit(whole, 0);
}
