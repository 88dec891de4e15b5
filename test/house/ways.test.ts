import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../host/cache.ts';
import { onPath } from '../../host/path.ts';
import { startTemporal } from '../../host/temporal.ts';
import { findTemporalCli } from '../../host/temporalcli.ts';

const run = promisify(execFile);
const root = await mkdtemp(join(tmpdir(), 'farrier-ways-'));
afterAll(() => rm(root, { recursive: true, force: true }));

async function program(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('the Temporal CLI', () => {
  test('is taken from the PATH before the cache, and from the cache before anything is fetched', async () => {
    const cache = join(root, 'cache');
    const kept = await program(join(cache, 'temporal-cli', 'v1.5.1', 'temporal'), 'true');
    const own = await program(join(root, 'bin', 'temporal'), 'true');
    expect(await findTemporalCli({ cache, path: `/nowhere:${join(root, 'bin')}` })).toBe(own);
    expect(await findTemporalCli({ cache, path: '/nowhere' })).toBe(kept);
  });

  test('a folder or a plain file of its name is not it', async () => {
    await mkdir(join(root, 'odd', 'temporal'), { recursive: true });
    await mkdir(join(root, 'plain'));
    await writeFile(join(root, 'plain', 'temporal'), '');
    expect(await onPath('temporal', `${join(root, 'odd')}:${join(root, 'plain')}`)).toBeNull();
  });

  test('what it says last is told when it does not start', async () => {
    const path = dirname(await program(join(root, 'broken', 'temporal'), 'echo "fatal: no such flag" >&2; exit 3'));
    const logFile = join(root, 'logs', 'temporal.log');
    await expect(startTemporal({ dataFile: null, logFile, cache: root, path })).rejects.toThrow(
      'Temporal did not start: fatal: no such flag',
    );
  });

  test('a taken port is named', async () => {
    const path = dirname(await program(join(root, 'idle', 'temporal'), 'exit 3'));
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const start = startTemporal({ dataFile: null, logFile: join(root, 'log'), cache: root, path, port });
    await expect(start).rejects.toThrow(`port ${port} for Temporal is taken by another program; give another port`);
    other.close();
  });
});

test('the cache is where one says, else where the system keeps such things', () => {
  expect(cacheFolder({ FARRIER_CACHE: '/c', XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe('/c');
  expect(cacheFolder({ XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe('/x/farrier');
  expect(cacheFolder({ HOME: '/h' })).toBe('/h/.cache/farrier');
});

describe('scripts/setup', () => {
  /** What it says on a machine that has the basic tools, and of Node and npm only what is given. */
  async function say(name: string, own: Readonly<Record<string, string>>): Promise<string> {
    const bin = join(root, name);
    await mkdir(bin);
    for (const tool of ['sh', 'dirname', 'cat', 'mktemp', 'rm', 'tail']) {
      const found = await onPath(tool, '/usr/bin:/bin');
      if (found) await symlink(found, join(bin, tool));
    }
    for (const [tool, text] of Object.entries(own)) await program(join(bin, tool), text);
    const ended = run('/bin/sh', ['scripts/setup'], { env: { PATH: bin } });
    return ended.then(
      () => 'nothing',
      ({ stderr }: { stderr: string }) => stderr.trim().split('\n').at(-1) ?? '',
    );
  }
  // A Node that is new enough and finds that nothing is installed.
  const node = 'case $1 in -p) echo 20;; *) exit 1;; esac';

  test.each([
    ['without Node', {}, 'Node.js is missing: install version 20 or newer, with npm'],
    ['without npm', { node }, 'npm is missing: install it, or a Node.js (20 or newer) that brings it'],
    [
      'an old Node',
      { node: 'echo 18', npm: 'true' },
      'Node.js 18 is too old to install Farrier: it needs version 20 or newer',
    ],
    [
      'no network',
      { node, npm: 'echo npm error code EAI_AGAIN; exit 1' },
      'the npm registry cannot be reached: the packages need a network, once',
    ],
    [
      'a full disk',
      { node, npm: 'echo npm error code ENOSPC; exit 1' },
      `the disk that holds ${process.cwd()} is full`,
    ],
    [
      'a foreign checkout',
      { node, npm: 'echo npm error code EACCES; exit 1' },
      `${process.cwd()} cannot be written to by this user`,
    ],
    ['another failure', { node, npm: 'exit 7' }, 'npm failed with exit code 7'],
  ])('says one sentence: %s', async (name, own, sentence) => {
    expect(await say(name.replaceAll(' ', '-'), own as Record<string, string>)).toBe(`farrier: ${sentence}`);
  });
});
