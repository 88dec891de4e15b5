/** O-13: every link and example of README and docs is followed here, so that a page cannot promise what is not there. */

import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import { everyCommand, openCommandLine } from '../support/commandline.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

const pages = await findPages();
const text = new Map(await Promise.all(pages.map(async (page) => [page, await readFile(page, 'utf8')] as const)));

async function findPages(): Promise<string[]> {
  const docs = await readdir('docs', { recursive: true });
  return ['README.md', ...docs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
}

/** The name that a heading has in a link, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .replace(/`/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(page: string): string[] {
  const plain = (text.get(page) ?? '').replace(/^```[\s\S]*?^```/gm, '');
  return [...plain.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

describe.each(pages)('%s', (page) => {
  test('O-13: leads to pages and headings that are there', () => {
    const plain = (text.get(page) ?? '').replace(/^```[\s\S]*?^```/gm, '');
    const links = [...plain.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = links.filter((target) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(file)) return true;
      return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

/** Blocks of commands, each command on one line. */
function commandsOf(page: string): string[] {
  const blocks = [...(text.get(page) ?? '').matchAll(/^```(?:sh|console)?\n([\s\S]*?)^```/gm)].map(
    ([, block = '']) => block,
  );
  return blocks
    .flatMap((block) => block.replace(/\s*\\\n\s*/g, ' ').split('\n'))
    .map((line) => line.replace(/^\$ /, '').trim());
}

/** Words of a line as a shell would part them; null for a line that is none, such as a picture of a screen. */
function wordsOf(line: string): string[] | null {
  const words: string[] = [];
  let rest = line.replace(/\s+#.*$/, '');
  while (rest !== '') {
    const match = /^(?:'([^']*)'|"([^"]*)"|([^\s'"]+))+/.exec(rest);
    if (!match) return null;
    words.push(match[0].replace(/'([^']*)'|"([^"]*)"/g, (_all, single, double) => single ?? double));
    rest = rest.slice(match[0].length).trimStart();
  }
  return words;
}

const ours = /^(?:sudo )?(?:\.\/farrier|farrier|scripts\/up)(?: |$)/;

/** `farrier` with nothing behind it: a command that is understood goes no further. */
async function understanding(): Promise<Command> {
  const program = await openCommandLine('http://127.0.0.1:1', { write: () => {} });
  for (const command of everyCommand(program)) if (command.commands.length === 0) command.action(() => {});
  return program;
}

async function misunderstood(line: string): Promise<string | null> {
  // What is piped on or follows is the shell's; behind several blanks stands what it does.
  const words = wordsOf(line.split(/ \| | && |; | {2,}/)[0] ?? '');
  if (words === null) return `not a command line: ${line}`;
  const start = words[0] === 'sudo' ? 1 : 0;
  const up = words[start] === 'scripts/up' ? ['up'] : [];
  try {
    await (await understanding()).parseAsync([...up, ...words.slice(start + 1)], { from: 'user' });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? null : `${line}: ${error.message}`;
  }
}

describe.each(pages.filter((page) => commandsOf(page).some((line) => ours.test(line))))(
  'the commands of %s',
  (page) => {
    test('O-13: are understood by this command line', async () => {
      // `A|B`, `[A]` and `…` stand in pictures of what can be said, not in what is typed.
      const lines = commandsOf(page).filter((line) => ours.test(line) && !/[[\]…<>]|\w\|\w/.test(line));
      const wrong = (await Promise.all(lines.map(misunderstood))).filter((one) => one !== null);
      expect(wrong).toEqual([]);
    });
  },
);

describe('docs/api.md', () => {
  let base: ThrowawayMdb;
  let folder: string;
  let app: Awaited<ReturnType<typeof createPeopleApi>>;
  beforeAll(async () => {
    base = await throwawayMdb();
    folder = await mkdtemp(join(tmpdir(), 'farrier-docs-'));
    await writeSite(base.mdb);
    const authority = await openAuthority(join(folder, 'authority'));
    const log = pino({ level: 'silent' });
    app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
    await app.ready();
  });
  afterAll(async () => {
    await app?.close();
    await base?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('O-13: lists each route of the API, with what may be asked of it, and no other', () => {
    const described = app.swagger() as {
      paths: Record<string, Record<string, { parameters?: { in: string; name: string }[] }>>;
    };
    const served = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters = [] }]) => {
        const requests = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
        return `${method.toUpperCase()} ${path} ${requests.sort().join()}`.trim();
      }),
    );
    const listed = [
      ...(text.get('docs/api.md') ?? '').matchAll(/`(GET|POST|PUT|PATCH|DELETE) (\/[^`?\s]*)(?:\?([^`]*))?`/g),
    ].map(([, method, path, query = '']) => {
      const requests = query
        .split('&')
        .filter(Boolean)
        .map((one) => one.replace(/=.*$/, ''));
      return `${method} ${path} ${requests.sort().join()}`.trim();
    });
    // Those that are for people and load balancers are told in words, and the agent's on a page of their own.
    const apart = ['GET /docs', 'GET /openapi.json', 'GET /agent/next'];
    expect([...new Set(listed)].filter((one) => !apart.includes(one)).sort()).toEqual(served.sort());
  });

  /** What a `curl` of the page asks. */
  function readCurl(line: string) {
    const words = wordsOf(line) ?? [];
    const given = (flag: string) => words.flatMap((word, place) => (word === flag ? [words[place + 1] ?? ''] : []));
    const url = words.find((word) => word.startsWith('http://'));
    const [data] = given('-d');
    const headers = Object.fromEntries(given('-H').map((header) => header.split(/: (.*)/s).slice(0, 2)));
    return { url: new URL(url ?? ''), data, headers };
  }

  test('O-13: its examples are answered', async () => {
    const lines = commandsOf('docs/api.md').filter((line) => line.startsWith('curl '));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      const { url, data, headers } = readCurl(line);
      const response = await app.inject({
        method: data === undefined ? 'GET' : 'POST',
        url: `${url.pathname}${url.search}`,
        headers: { host: url.host, ...headers },
        ...(data === undefined ? {} : { payload: data }),
      });
      expect([line, response.statusCode, response.body]).toEqual([
        line,
        expect.toSatisfy((code) => code < 300),
        expect.anything(),
      ]);
    }
  });

  test('O-13: the page that README names is there, and nothing of it comes from elsewhere', async () => {
    const headers = { host: '127.0.0.1:8470' };
    expect(text.get('README.md')).toContain('http://127.0.0.1:8470/docs');
    const page = await app.inject({ url: '/docs/', headers });
    expect(page.statusCode).toBe(200);
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part = '']) => part);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) {
      const url = new URL(part, 'http://127.0.0.1:8470/docs/');
      expect(url.host).toBe('127.0.0.1:8470');
      expect((await app.inject({ url: url.pathname, headers })).statusCode).toBe(200);
    }
  });

  test('O-13: the places of docs/real-hardware.md are taken, its controllers included', async () => {
    const page = text.get('docs/real-hardware.md') ?? '';
    const places = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const headers = { host: '127.0.0.1:8470', 'content-type': 'application/json' };
    const response = await app.inject({ method: 'POST', url: '/api/v1/places', headers, payload: places });
    expect([response.statusCode, response.body]).toEqual([202, expect.anything()]);
    const machine = {
      mac: 'a4:bf:01:00:00:77',
      rack: 'A12',
      unit: 7,
      bmc: { origin: 'https://10.0.9.77', secretRef: 'x' },
    };
    const announced = await app.inject({
      method: 'POST',
      url: '/api/v1/machines',
      headers,
      payload: JSON.stringify(machine),
    });
    expect([announced.statusCode, announced.body]).toEqual([expect.toSatisfy((code) => code < 300), expect.anything()]);
    const outside = {
      ...machine,
      mac: 'a4:bf:01:00:00:78',
      unit: 8,
      bmc: { origin: 'https://10.0.8.77', secretRef: 'x' },
    };
    const refused = await app.inject({
      method: 'POST',
      url: '/api/v1/machines',
      headers,
      payload: JSON.stringify(outside),
    });
    expect(refused.json()).toMatchObject({
      error: { message: expect.stringContaining("not in the site's networks of controllers") },
    });
    await definePlaces(base.mdb, { class: 'system', name: 'test' }, { siteId: 'home' });
  });
});
