/** Farrier's own inventory: tables and lists that were written for it, or that it exported. */
import { inventoryColumns, stateColumns, tagColumn } from '../../domain/imports/columns.ts';
import type { ImportedRack } from '../../domain/imports/row.ts';
import { checkTags } from '../../domain/tags.ts';
import { type Book, type Draft, noteLeft, openDraft } from './draft.ts';
import { type Fields, isPlainObject, openFields, textOf } from './fields.ts';
import { type TableLine, UnreadableInventory } from './values.ts';

/** Spreadsheets compute what begins so; nothing that a machine has does. */
const formula = /^[=+@\t\r]/;
/** A cell that an export has made safe for spreadsheets. */
const madeSafe = /^'(?=[=+@\t\r-])/;

/** Cells of a line, without what makes them safe for spreadsheets; those that are formulas are problems. */
export function plainCells(book: Book, { row, cells }: TableLine): Record<string, string> {
  return Object.fromEntries(
    Object.entries(cells).map(([field, cell]) => {
      if (formula.test(cell)) book.problems.push({ row, field, detail: 'is a formula' });
      return [field, formula.test(cell) ? '' : cell.replace(madeSafe, '')];
    }),
  );
}

export function readTable(book: Book, lines: readonly TableLine[]): void {
  for (const line of lines) readMachine(book, line.row, openFields(plainCells(book, line)));
}

/** `[{mac, …}]`, or `{machines: [{mac, …}], racks: [{id, …}]}`; of YAML several documents of either. */
export function readDocuments(book: Book, documents: readonly unknown[]): void {
  let row = 0;
  const readMachines = (list: unknown, where: string) => {
    if (!Array.isArray(list)) throw new UnreadableInventory(`${where} is not a list of machines`);
    for (const one of list) {
      row += 1;
      if (isPlainObject(one)) readMachine(book, row, openFields(one));
      else book.problems.push({ row, field: null, detail: 'is not a machine with fields' });
    }
  };
  for (const document of documents) {
    if (!isPlainObject(document)) {
      readMachines(document, 'it');
      continue;
    }
    const { machines = [], racks = [], farrier: _, version: __, ...others } = document;
    readMachines(machines, 'machines');
    readRacks(book, racks);
    noteLeft(book, openFields(others));
  }
}

function readMachine(book: Book, row: number, fields: Fields): void {
  const draft = openDraft(book, row, true);
  draft.mac('mac', fields.text('mac'));
  readFurtherMacs(draft, fields);
  draft.serial(fields.text('serial'));
  draft.place('unit', fields.text('rack'), fields.text('unit'), fields.text('slot'));
  readController(draft, fields);
  draft.tag('name', 'name', fields.text('name'));
  readTags(draft, fields);
  fields.pass('state', ...stateColumns);
  const wrong = fields.left().filter((field) => (inventoryColumns as readonly string[]).includes(field));
  for (const field of wrong) book.problems.push({ row, field, detail: 'is neither text nor a number' });
  if (wrong.length === 0) noteLeft(book, fields);
  if (draft.isUnnamed() && !book.problems.some((one) => one.row === row))
    book.problems.push({ row, field: 'mac', detail: 'is missing' });
  draft.keep();
}

function readFurtherMacs(draft: Draft, fields: Fields): void {
  const given = fields.value('macs');
  const macs = Array.isArray(given) ? given.map(textOf) : (textOf(given)?.split(/[\s,;]+/) ?? []);
  for (const mac of macs) draft.mac('macs', mac ?? 'none');
}

/** Its address, beside the name of the secret; or both in one. */
function readController(draft: Draft, fields: Fields): void {
  const own = fields.text('secret');
  const address = fields.text('bmc');
  const inner = address === null ? fields.inner('bmc') : null;
  draft.controller('bmc', address ?? inner?.text('origin') ?? null, inner?.text('secret') ?? own);
}

function readTags(draft: Draft, fields: Fields): void {
  const tags = fields.value('tags');
  if (isPlainObject(tags))
    for (const [name, value] of Object.entries(tags)) draft.tag(`tags.${name}`, name, textOf(value));
  for (const column of fields.left().filter((name) => name.startsWith(tagColumn)))
    draft.tag(column, column.slice(tagColumn.length), fields.text(column));
}

function readRacks(book: Book, racks: unknown): void {
  const problem = (row: number | null, detail: string) => void book.problems.push({ row, field: 'racks', detail });
  if (!Array.isArray(racks)) problem(null, 'is not a list of racks');
  for (const [index, one] of (Array.isArray(racks) ? racks : []).entries()) {
    const read = readRack(one);
    if (typeof read === 'string') problem(index + 1, read);
    else book.racks.push(read);
  }
}

function readRack(one: unknown): ImportedRack | string {
  if (!isPlainObject(one)) return 'is not a rack with fields';
  const { id, row = null, feed = null, az = null, units = 48, tags = {} } = one;
  if (typeof id !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(id)) return 'has no id';
  if (![row, feed, az].every((label) => label === null || (typeof label === 'string' && label.length <= 64)))
    return 'has a row, feed or az that is no text of at most 64 characters';
  if (typeof units !== 'number' || !Number.isInteger(units) || units < 1 || units > 64)
    return 'has not between 1 and 64 units';
  if (!isPlainObject(tags) || !Object.values(tags).every((value) => typeof value === 'string'))
    return 'has tags that are no texts';
  const [problem] = checkTags(tags as Record<string, string>);
  if (problem !== undefined) return problem;
  return { id, units, tags, row, feed, az } as ImportedRack;
}
