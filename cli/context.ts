import { styleText } from 'node:util';
import type { ApiClient } from '../client/api.ts';
import { namesOf, type OutputFormat } from './output.ts';
import { type Column, cleanCell, renderTable } from './table.ts';

/** What commands work with: the API, and a terminal or pipe to write to. */
export interface Context {
  readonly api: ApiClient;
  readonly operator: string;
  readonly now: number;
  /** Whether what is shown is drawn anew in its place, so that ages may grow. */
  readonly live?: boolean;
  readonly screen: Screen;
}

/** Gives what a command works with, once it runs. */
export type Open = () => Context;

export interface Screen {
  /** One line of text. */
  line(text: string): void;
  table<T>(columns: readonly Column<T>[], rows: readonly T[], empty: string): void;
  /** `name  value` lines under a heading; absent values are left out. */
  facts(heading: string, facts: readonly (readonly [string, string | number | null | undefined])[]): void;
  /** Draws in place of what the last frame drew; in a pipe, what is new of it. */
  frame(draw: () => Promise<void>): Promise<void>;
  /** A line beside the answer, whatever form that has. */
  note(text: string): void;
  /** What is waited for, in place of what was said before; beside the answer, and gone once it is empty. */
  progress(text: string): void;
  /**
   * The whole answer, or the names in it, where `-o` asks for that; otherwise what `show` writes. `named` has the names
   * where they are not those of the answer itself.
   */
  answer(value: unknown, show: () => void, named?: unknown): void;
}

export interface ScreenOptions {
  readonly output: OutputFormat;
  readonly colour: boolean;
  /** Columns of the terminal; null for a pipe. */
  readonly width: number | null;
  readonly write: (text: string) => void;
  /** Draws one picture in place of the other; null where lines follow each other, as in a pipe. */
  readonly picture?: (() => Promise<(text: string) => void>) | null;
  readonly progress?: (text: string) => void;
  readonly note?: (text: string) => void;
  /** Loaded where it is asked for. */
  readonly toYaml?: (value: unknown) => string;
}

type Style = Parameters<typeof styleText>[0];

const good = new Set(['in_service', 'production', 'healthy', 'done', 'ok', 'pass', 'yes', 'none']);
const bad = new Set(['failed', 'fail', 'repair', 'failing', 'late', 'no', 'cancelled', 'below', 'cut']);
const waiting = new Set(['held', 'waiting', 'running', 'awaiting_human', 'draining', 'intervention']);

export function openScreen(options: ScreenOptions): Screen {
  const { output, colour, width, toYaml, picture = null, progress = () => {}, note = () => {} } = options;
  let write = options.write;
  let shown = '';
  let draw: ((text: string) => void) | null = null;
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
    progress,
    note,
    frame: async (fill) => {
      let text = '';
      write = (more) => {
        text += more;
      };
      await fill().finally(() => {
        write = options.write;
      });
      draw ??= picture === null ? null : await picture();
      if (draw !== null) draw(text.trimEnd());
      else if (text !== shown) write(output === 'json' || output === 'yaml' ? text : newLines(text, shown));
      shown = text;
    },
    table: (columns, rows, empty) => {
      if (rows.length === 0) return line(empty);
      const wide = output === 'wide';
      const shown = columns.filter((column) => wide || !column.wide);
      const style = { width: wide ? null : width, heading: (title: string) => dye('bold', title), paint };
      for (const text of renderTable(shown, rows, style)) line(text);
    },
    facts: (heading, facts) => {
      const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
      if (known.length === 0) return;
      const max = Math.max(...known.map(([name]) => name.length));
      line(dye('bold', heading));
      for (const [name, value] of known) line(`  ${name.padEnd(max)}  ${paint(name, cleanCell(value))}`);
    },
    answer: (value, show, named = value) => {
      if (output === 'json') line(JSON.stringify(value, null, 2));
      else if (output === 'yaml') write(toYaml?.(value) ?? '');
      else if (output === 'name') for (const name of namesOf(named)) line(cleanCell(name));
      else show();
    },
  };
}

/** The lines that were not there before. */
function newLines(text: string, before: string): string {
  // Of a table whose columns have become wider nothing is new by that.
  const plain = (line: string) => line.replace(/ +/g, ' ');
  const known = new Set(before.split('\n').map(plain));
  const lines = text.split('\n').filter((line) => line !== '' && !known.has(plain(line)));
  return lines.map((line) => `${line}\n`).join('');
}
