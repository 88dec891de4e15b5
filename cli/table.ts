import { stripVTControlCharacters } from 'node:util';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => string | number | null | undefined;
  readonly align?: 'left' | 'right';
  /** May be cut with an ellipsis when the terminal is too narrow. */
  readonly flexible?: boolean;
  /** Shown by `-o wide` alone. */
  readonly wide?: boolean;
}

export interface TableStyle {
  /** Columns of the terminal; null where nothing is to be cut, as in a pipe. */
  readonly width: number | null;
  readonly heading: (text: string) => string;
  /** Colours a cell by its column's title; text comes padded. */
  readonly paint: (title: string, text: string) => string;
}

const gap = 2;
// Below this a cut column says nothing any more; a narrower terminal loses the last columns instead.
const min = 8;

/** Text that came from hardware or people, made safe for a terminal: no escape sequences, no line breaks. */
export function cleanCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === '') return '-';
  return stripVTControlCharacters(String(value)).replace(/\p{C}/gu, ' ');
}

/** A table as lines; columns are as wide as their longest cell. To fit the terminal flexible ones give way, then the last. */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], style: TableStyle): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => cleanCell(cell(row))));
  const natural = columns.map(({ title }, index) =>
    Math.max(length(title), ...cells.map((row) => length(row[index] ?? ''))),
  );
  const widths = narrow(columns, natural, style.width);
  const line = (texts: readonly string[], paint: (title: string, text: string) => string) =>
    columns
      .slice(0, widths.length)
      .map(({ title, align }, index) => {
        const last = index === widths.length - 1;
        return paint(title, pad(texts[index] ?? '', widths[index] ?? 0, align ?? 'left', last));
      })
      .join(' '.repeat(gap))
      .trimEnd();
  const titles = columns.map(({ title }) => title.toUpperCase());
  return [line(titles, (_title, text) => style.heading(text)), ...cells.map((row) => line(row, style.paint))];
}

function narrow<T>(columns: readonly Column<T>[], natural: readonly number[], width: number | null): number[] {
  if (width === null) return [...natural];
  for (let count = columns.length; count > 1; count--) {
    const widths = squeeze(columns, natural.slice(0, count), width);
    if (total(widths) <= width) return widths;
  }
  return [Math.min(natural[0] ?? 0, Math.max(1, width))];
}

function squeeze<T>(columns: readonly Column<T>[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  for (let over = total(widths) - width; over > 0; over--) {
    let widest = -1;
    for (const [index, space] of widths.entries()) {
      if (columns[index]?.flexible && space > min && space > (widths[widest] ?? 0)) widest = index;
    }
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + gap, -gap);
}

function length(text: string): number {
  return [...text].length;
}

function pad(text: string, width: number, align: 'left' | 'right', last: boolean): string {
  const cut = length(text) > width ? `${[...text].slice(0, width - 1).join('')}…` : text;
  const blank = ' '.repeat(Math.max(0, width - length(cut)));
  if (align === 'right') return blank + cut;
  return last ? cut : cut + blank;
}
