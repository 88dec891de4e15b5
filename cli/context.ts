import { styleText } from 'node:util';
import type { ApiClient } from '../client/api.ts';
import { type Column, cleanCell, renderTable } from './table.ts';

/** What commands work with: the API, and a terminal or pipe to write to. */
export interface Context {
  readonly api: ApiClient;
  readonly operator: string;
  readonly now: number;
  readonly screen: Screen;
}

export interface Screen {
  /** One line of text. */
  line(text: string): void;
  table<T>(columns: readonly Column<T>[], rows: readonly T[], empty: string): void;
  /** `name  value` lines under a heading; absent values are left out. */
  facts(heading: string, facts: readonly (readonly [string, string | number | null | undefined])[]): void;
  /** The whole answer as JSON when `--json` was given, otherwise what `show` writes. */
  answer(value: unknown, show: () => void): void;
}

export interface ScreenOptions {
  readonly json: boolean;
  readonly colour: boolean;
  /** Columns of the terminal; null for a pipe. */
  readonly width: number | null;
  readonly write: (text: string) => void;
}

type Style = Parameters<typeof styleText>[0];

const good = new Set(['in_service', 'production', 'healthy', 'done', 'ok', 'pass', 'yes', 'none']);
const bad = new Set(['failed', 'fail', 'repair', 'failing', 'late', 'no', 'cancelled', 'below', 'cut']);
const waiting = new Set(['held', 'waiting', 'running', 'awaiting_human', 'draining', 'intervention']);

export function openScreen({ json, colour, width, write }: ScreenOptions): Screen {
  const dye = (style: Style, text: string) => (colour ? styleText(style, text, { validateStream: false }) : text);
  const paint = (title: string, text: string) => {
    const word = text.trim();
    if (good.has(word)) return dye('green', text);
    if (bad.has(word)) return dye('red', text);
    if (waiting.has(word) || (title === 'held' && word !== '-')) return dye('yellow', text);
    return text;
  };
  const line = (text: string) => write(`${text}\n`);
  return {
    line,
    table: (columns, rows, empty) => {
      if (rows.length === 0) return line(empty);
      for (const text of renderTable(columns, rows, { width, heading: (title) => dye('bold', title), paint }))
        line(text);
    },
    facts: (heading, facts) => {
      const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
      if (known.length === 0) return;
      const max = Math.max(...known.map(([name]) => name.length));
      line(dye('bold', heading));
      for (const [name, value] of known) line(`  ${name.padEnd(max)}  ${paint(name, cleanCell(value))}`);
    },
    answer: (value, show) => (json ? line(JSON.stringify(value, null, 2)) : show()),
  };
}
