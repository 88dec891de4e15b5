import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openScreen, type ScreenOptions } from '../../cli/context.ts';
import { readEnvironment } from '../../cli/environment.ts';
import { exitOf, exits } from '../../cli/exits.ts';
import { namesOf } from '../../cli/output.ts';
import { progressAt } from '../../cli/progress.ts';
import { type Column, renderTable } from '../../cli/table.ts';
import { words } from '../../cli/words.ts';
import { endFarrier, everyCommand, openCommandLine } from '../support/commandline.ts';

const nowhere = 'http://127.0.0.1:1';
interface Row {
  readonly id: string;
  readonly note: string;
  readonly serial: string;
}
const columns: Column<Row>[] = [
  { title: 'id', cell: ({ id }) => id },
  { title: 'note', cell: ({ note }) => note, flexible: true },
  { title: 'serial', cell: ({ serial }) => serial, wide: true },
];
const rows: Row[] = [{ id: 'm-1', note: 'a long sentence about nothing much', serial: 'S1' }];

function written(more: Partial<ScreenOptions>): string {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  const screen = openScreen({ output: 'table', colour: false, width: null, write, ...more });
  screen.answer(rows, () => screen.table(columns, rows, 'none'));
  return text;
}

describe('an answer', () => {
  it('is written in the form that is asked for, and in no other', () => {
    expect(written({ width: 20 })).toBe('ID   NOTE\nm-1  a long sentenc…\n');
    expect(written({ output: 'wide', width: 20 })).toBe(
      'ID   NOTE                                SERIAL\nm-1  a long sentence about nothing much  S1\n',
    );
    expect(JSON.parse(written({ output: 'json' }))).toEqual(rows);
    expect(written({ output: 'yaml', toYaml: () => '- id: m-1\n' })).toBe('- id: m-1\n');
    expect(written({ output: 'name' })).toBe('m-1\n');
  });

  it('has the names of what it lists, or of what it shows', () => {
    expect(namesOf([{ id: 'a' }, { machineId: 'b', kind: 'x' }, { name: 'c', value: 'd' }])).toEqual(['a', 'b', 'c']);
    expect(namesOf({ order: { id: 'o-1' }, steps: [{ name: 'drain' }] })).toEqual(['o-1']);
    expect(namesOf({ summary: { conformant: 1 }, racks: [{ rack: 'A1' }, { rack: null }, { rack: 'A2' }] })).toEqual([
      'A1',
      'A2',
    ]);
    expect(namesOf({ accepted: true })).toEqual([]);
  });

  it('never is wider than its terminal: the last columns go when nothing may be cut any more', () => {
    const wide: Column<number>[] = [1, 2, 3, 4].map((number) => ({
      title: `column${number}`,
      cell: () => 'x'.repeat(9),
    }));
    const style = { heading: (text: string) => text, paint: (_title: string, text: string) => text };
    for (const width of [80, 30, 20, 9, 4, 1])
      for (const line of renderTable(wide, [1], { ...style, width })) expect(line.length).toBeLessThanOrEqual(width);
  });

  it('draws a frame in place of the last one, and in a pipe only the lines that are new', async () => {
    let text = '';
    const pictures: string[] = [];
    const write = (part: string) => {
      text += part;
    };
    const pipe = openScreen({ output: 'table', colour: false, width: null, write });
    const terminal = openScreen({
      ...{ output: 'table', colour: false, width: 80, write },
      picture: async () => (picture) => void pictures.push(picture),
    });
    for (const screen of [pipe, terminal])
      for (const lines of [
        ['a', 'b'],
        ['a', 'b'],
        ['a', 'c'],
      ])
        await screen.frame(async () => {
          for (const line of lines) screen.line(line);
        });
    expect(text).toBe('a\nb\nc\n');
    expect(pictures).toEqual(['a\nb', 'a\nb', 'a\nc']);
  });
});

it('progress is one line that changes on a terminal, and lines elsewhere', () => {
  const out: string[] = [];
  const write = (text: string) => out.push(text) > 0;
  const pipe = progressAt({ write, isTTY: false, columns: 0 });
  for (const text of ['one', 'one', 'two', '']) pipe(text);
  expect(out.splice(0)).toEqual(['one\n', 'two\n']);
  const terminal = progressAt({ write, isTTY: true, columns: 6 });
  for (const text of ['a long one', '']) terminal(text);
  expect(out).toEqual(['\r\u001b[2Ka lon', '\r\u001b[2K']);
});

describe('the environment', () => {
  it('is read as far as it is there, and told by name where it is wrong', () => {
    expect(readEnvironment({ XDG_CONFIG_HOME: '/c' })).toMatchObject({
      contexts: '/c/farrier/contexts.json',
      temporalAddress: '127.0.0.1:7233',
      colour: true,
    });
    expect(readEnvironment({ NO_COLOR: '1' }).colour).toBe(false);
    expect(readEnvironment({ NO_COLOR: '', TERM: 'dumb' }).colour).toBe(false);
    expect(() => readEnvironment({ FARRIER_API: 'ftp://x' })).toThrow('FARRIER_API is not a URL');
    expect(() => readEnvironment({ FARRIER_TOKEN: '' })).toThrow('FARRIER_TOKEN is empty');
    expect(() => readEnvironment({ FARRIER_MDB_OWNER_URL: 'http://x' })).toThrow('FARRIER_MDB_OWNER_URL is not a URL');
  });
});

describe('exit codes', () => {
  it('are those that docs/cli.md tells', () => {
    const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    const told = [...page.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
    expect(told).toEqual(Object.values(exits));
  });

  it('tell a script what is the matter', () => {
    expect(exitOf({ status: 0, code: 'unreachable' })).toBe(exits.unreachable);
    expect(exitOf({ status: 0, code: 'insecure' })).toBe(exits.failed);
    expect(exitOf({ status: 200, code: 'not-farrier' })).toBe(exits.unreachable);
    expect([401, 403, 404, 409, 500].map((status) => exitOf({ status, code: 'x' }))).toEqual([7, 7, 8, 1, 1]);
  });
});

describe('words', () => {
  const all = Object.values(words).flatMap((under) => Object.keys(under));

  it('are commands, each with a sentence, and no command is without a word', async () => {
    const program = await openCommandLine(nowhere, { write: () => {} });
    expect(program.commands.map((command) => command.name()).sort()).toEqual([...all].sort());
    for (const command of everyCommand(program)) expect(command.description(), command.name()).not.toBe('');
  });

  it('are suggested where one is mistyped, at every depth', async () => {
    expect(await endFarrier(nowhere, ['machin', 'ls'])).toMatchObject({
      code: exits.misused,
      error: expect.stringContaining('Did you mean machine?'),
    });
    expect(await endFarrier(nowhere, ['order', 'lst'])).toMatchObject({ error: expect.stringContaining('list, ls?') });
    expect(await endFarrier(nowhere, ['ls', '--stat', 'x'])).toMatchObject({
      error: expect.stringContaining('--state'),
    });
    expect(await endFarrier(nowhere, ['ls', '-o', 'xml'])).toMatchObject({
      error: expect.stringContaining('Allowed choices are table, wide, json, yaml, name'),
    });
  });
});

describe('completion', () => {
  const complete = async (...typed: string[]) => {
    const { out } = await endFarrier(nowhere, ['complete', '--', ...typed]);
    return out.split('\n').flatMap((line) => line.split('\t')[0] || []);
  };

  it('knows words, options, their values and arguments', async () => {
    expect(await complete('mach')).toEqual(['machine']);
    expect(await complete('complet')).toEqual(['completion']);
    expect(await complete('order', 'sh')).toEqual(['show']);
    expect(await complete('order', 'list', '--st')).toEqual(['--state']);
    expect(await complete('order', 'list', '--state', 'r')).toEqual(['running']);
    expect(await complete('ls', '--out')).toEqual(['--output']);
    expect(await complete('ls', '-o', 'y')).toEqual(['yaml']);
    expect(await complete('order', 'place', 'reb')).toEqual(['rebirth', 'reboot']);
    // Nothing answers there, and of that a Tab says nothing.
    expect(await complete('show', 'm-')).toEqual([]);
  });

  it('is asked by bash as a person types', async () => {
    const typing = `source <(./farrier completion bash)
      COMP_WORDS=(./farrier order sh); COMP_CWORD=2; _farrier; echo "\${COMPREPLY[*]}"`;
    const out = await new Promise((resolve) => {
      const cwd = new URL('../..', import.meta.url).pathname;
      execFile('bash', ['-c', typing], { cwd }, (error, stdout) => resolve(error?.message ?? stdout));
    });
    expect(out).toBe('show\n');
  });
});

it('the help reads the code of no command, and not zod', async () => {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => (console.error(url), next(url, context)) });`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, 'cli/main.ts', '--help'];
  const env = { PATH: process.env['PATH'] ?? '', FARRIER_CONTEXTS: '/nowhere/contexts.json' };
  const cwd = new URL('../..', import.meta.url).pathname;
  const loaded = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd, env }, (_error, _out, said) => resolve(said));
  });
  const own = loaded.split('\n').filter((line) => line.startsWith('file:') && !line.includes('/node_modules/'));
  expect(loaded).toContain('/cli/words.ts');
  expect(loaded).not.toContain('/zod/');
  expect(own.length).toBeLessThan(20);
});
