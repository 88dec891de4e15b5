/** Reads an inventory of any format that is known, by its own words where nobody says which it is. */
import { type ForeignInventory, type ImportFormat, maxImported } from '../../domain/imports/row.ts';
import { type Book, closeBook, openBook } from './draft.ts';
import { isPlainObject } from './fields.ts';
import { readIronic } from './ironic.ts';
import { readMaas } from './maas.ts';
import { readMetal3, readTinkerbell } from './manifests.ts';
import { readNetbox, readNetboxTable } from './netbox.ts';
import { readDocuments, readTable } from './plain.ts';
import { jsonIn, type TableLine, tableIn, UnreadableInventory, yamlIn } from './values.ts';

export interface InventoryText {
  readonly text: string;
  /** Found out where it is absent. */
  readonly format?: ImportFormat | undefined;
}

export interface InventoryRead {
  readonly format: ImportFormat;
  readonly inventory: ForeignInventory;
}

/** Throws UnreadableInventory for what is not of a known form at all. */
export function readInventory({ text, format }: InventoryText): InventoryRead {
  const values = readValues(text, format);
  const found = format ?? guess(values);
  const book = openBook();
  if ('lines' in values) {
    if (found === 'netbox') readNetboxTable(book, values.lines);
    else if (found === 'csv') readTable(book, values.lines);
    else throw new UnreadableInventory(`it is a table, and not what ${found} writes`);
  } else readers[found](book, values.documents);
  const inventory = closeBook(book);
  if (inventory.machines.length > maxImported)
    throw new UnreadableInventory(`it has more than ${maxImported} machines: import it in parts`);
  return { format: found, inventory };
}

type Reader = (book: Book, documents: readonly unknown[]) => void;

function each(read: (book: Book, document: unknown) => void): Reader {
  return (book, documents) => {
    for (const one of documents) read(book, one);
  };
}

const readers: Readonly<Record<ImportFormat, Reader>> = {
  csv: () => {
    throw new UnreadableInventory('it is no table');
  },
  json: readDocuments,
  yaml: readDocuments,
  netbox: each(readNetbox),
  ironic: each(readIronic),
  maas: each(readMaas),
  metal3: readMetal3,
  tinkerbell: readTinkerbell,
};

type Values =
  | { readonly lines: readonly TableLine[] }
  | { readonly documents: readonly unknown[]; readonly yaml: boolean };

function readValues(text: string, format: ImportFormat | undefined): Values {
  const isJson = /^[\s\uFEFF]*[[{]/.test(text);
  if (format === 'csv') return { lines: tableIn(text) };
  if (format === 'yaml') return { documents: yamlIn(text), yaml: true };
  if (isJson || format === 'json') return { documents: [jsonIn(text)], yaml: false };
  if (format === 'metal3' || format === 'tinkerbell' || looksLikeYaml(text))
    return { documents: yamlIn(text), yaml: true };
  return { lines: tableIn(text) };
}

function looksLikeYaml(text: string): boolean {
  const first = text.split(/\r?\n/).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  return /^(---|%YAML|- |-$|["']?[\w.-]+["']?:(\s|$))/.test(first);
}

/** By words that only one of them has. */
function guess(values: Values): ImportFormat {
  if ('lines' in values) {
    const cells = values.lines[0]?.cells ?? {};
    return ['Name', 'Device Role', 'Serial number', 'Rack'].filter((name) => name in cells).length > 1
      ? 'netbox'
      : 'csv';
  }
  const samples = values.documents.flatMap(samplesOf);
  const has = (...names: readonly string[]) => samples.some((one) => names.every((name) => name in one));
  const ofGroup = (group: string) =>
    samples.some(({ apiVersion }) => String(apiVersion).split('/')[0]?.endsWith(group));
  if (ofGroup('metal3.io')) return 'metal3';
  if (ofGroup('tinkerbell.org')) return 'tinkerbell';
  if (has('device_type', 'site')) return 'netbox';
  if (has('system_id', 'power_type')) return 'maas';
  if (has('provision_state') || has('Provisioning State') || has('driver_info')) return 'ironic';
  return values.yaml ? 'yaml' : 'json';
}

/** The document itself, and the first of each list in it. */
function samplesOf(document: unknown): Record<string, unknown>[] {
  if (Array.isArray(document)) return document.slice(0, 5).filter(isPlainObject);
  if (!isPlainObject(document)) return [];
  return [
    document,
    ...Object.values(document).flatMap((inner) => (Array.isArray(inner) ? samplesOf(inner) : [])),
  ].concat(Object.values(document).flatMap((inner) => (isPlainObject(inner) ? samplesOf(inner).slice(1) : [])));
}
