import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../host/cache.ts';
import { onPath } from '../../host/path.ts';
import { startTemporal } from '../../host/temporal.ts';
import { buildCli, findTemporalCli } from '../../host/temporalcli.ts';

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

  test('U-3: before it is built with Go, how long that takes is told, and what takes seconds', async () => {
    const cache = join(root, 'built');
    const go = `case "$1" in
      env) echo go1.25.4;;
      install) echo google.golang.org/grpc >&2; printf '#!/bin/sh\\n' > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal";;
    esac`;
    const path = dirname(await program(join(root, 'go', 'go'), go));
    const reported: string[] = [];
    const onProgress = (text: string) => void reported.push(text);
    const found = await buildCli({ cache, path: `${path}:/usr/bin:/bin`, onProgress });
    expect(found).toBe(join(cache, 'temporal-cli', 'v1.5.1', 'temporal'));
    const first = reported.find((text) => text.includes('with Go')) ?? '';
    expect(first).toContain('5 to 10 minutes');
    expect(first).toContain('TEMPORAL_ADDRESS takes seconds');
    expect(reported.at(-1)).toContain('1 of 1298 packages');
  });

  test('two that need it at once build it once', async () => {
    const cache = join(root, 'together');
    const go = `case "$1" in
      env) echo go1.25.4;;
      install) echo built >> ${join(root, 'builds')}; sleep 1; printf '#!/bin/sh\\n' > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal";;
    esac`;
    const path = dirname(await program(join(root, 'go2', 'go'), go));
    const search = { cache, path: `${path}:/usr/bin:/bin` };
    const [one, two] = await Promise.all([buildCli(search), buildCli(search)]);
    expect(one).toBe(two);
    expect(await readFile(join(root, 'builds'), 'utf8')).toBe('built\n');
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

describe('scripts/packages', () => {
  /** What it says, and its exit code, where dpkg knows nothing as installed and apt does as told. */
  async function say(name: string, own: Readonly<Record<string, string>>, ...groups: string[]): Promise<string> {
    const bin = join(root, `packages-${name}`);
    await mkdir(bin);
    for (const tool of ['sh', 'mktemp', 'rm', 'grep', 'tail', 'sed', 'cat']) {
      const found = await onPath(tool, '/usr/bin:/bin');
      if (found) await symlink(found, join(bin, tool));
    }
    for (const [tool, text] of Object.entries(own)) await program(join(bin, tool), text);
    const ended = run('/bin/sh', ['scripts/packages', ...groups], { env: { PATH: bin } });
    return ended.then(
      ({ stdout }) => `0 ${stdout.trim()}`,
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) =>
        `${code} ${(stdout + stderr).trim()}`,
    );
  }
  const none = { 'dpkg-query': 'exit 1' };
  const root0 = { ...none, id: 'echo 0' };

  test('O-8: says nothing when all are there, and which are missing to who is not root', async () => {
    const all = { 'dpkg-query': 'echo golang-go installed; echo ca-certificates installed' };
    expect(await say('all', all, 'go')).toBe('0 ');
    const some = { 'dpkg-query': 'echo golang-go installed; echo ca-certificates not-installed', id: 'echo 1000' };
    expect(await say('some', some, 'go')).toBe(
      '1 packages that only root can install are missing: apt-get install --no-install-recommends ca-certificates',
    );
  });

  test('O-8: on another system it says so', async () => {
    expect(await say('other', {})).toBe('1 packages of the system are only installed on Debian and Ubuntu');
  });

  test('U-1: installs as root, with fresh lists where the old ones know nothing', async () => {
    const lists = join(root, 'lists');
    const apt = `case "$1" in update) echo fresh > ${lists};; *) [ -e ${lists} ] || { echo "E: Unable to locate package"; exit 100; };; esac`;
    expect(await say('install', { ...root0, 'apt-get': apt }, 'go')).toBe(
      '0 installing packages, once: golang-go ca-certificates',
    );
  });

  test("U-1: what apt can't install is told with apt's reason", async () => {
    const apt = 'echo "W: something"; echo "E: You have held broken packages."; exit 100';
    expect(await say('broken', { ...root0, 'apt-get': apt }, 'go')).toBe(
      '1 installing packages, once: golang-go ca-certificates\napt could not install golang-go ca-certificates: E: You have held broken packages.',
    );
  });

  test('a group that is none is refused', async () => {
    expect(await say('group', none, 'vmm')).toBe('2 scripts/packages: there is no group vmm: vm, go or test');
  });
});
