/** What the agent's unpacking keeps of an archive: everything that the archive says of its files. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatRecords } from '../../contract/records.ts';
import { type AgentShell, openShell, whyNoShell } from './shell.ts';

const needs = whyNoShell(['tar']) ?? (process.getuid?.() === 0 ? null : 'needs root');
// security.capability, version 2: CAP_NET_RAW, permitted and effective.
const capability = '0sAQAAAgAgAAAAAAAAAAAAAAAAAAA=';
const setAttribute = (path: string) => spawnSync('setfattr', ['-n', 'security.capability', '-v', capability, path]);
const noAttributes = spawnSync('getfattr', ['--version']).error === undefined ? null : 'needs the package attr';
const reason = needs ?? noAttributes;

describe.skipIf(reason !== null)(`unpacking${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  let shell: AgentShell;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'farrier-unpack-'));
    mkdirSync(join(folder, 'tree/usr/bin'), { recursive: true });
    mkdirSync(join(folder, 'tree/var'));
    writeFileSync(join(folder, 'tree/usr/bin/ping'), 'a program', { mode: 0o755 });
    expect(setAttribute(join(folder, 'tree/usr/bin/ping')).status).toBe(0);
    execFileSync('truncate', ['-s', '3M', join(folder, 'tree/var/sparse')]);
    execFileSync('sh', [
      '-c',
      'printf words | dd of="$1" bs=1 seek=2000000 conv=notrunc 2>/dev/null',
      'sh',
      join(folder, 'tree/var/sparse'),
    ]);
    execFileSync('chown', ['1234:42', join(folder, 'tree/var/sparse')]);
  });
  beforeEach(() => {
    shell = openShell();
  });
  afterEach(() => shell.close());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function unpack(...options: string[]) {
    const archive = join(shell.folder, 'archive');
    execFileSync('tar', ['-C', join(folder, 'tree'), ...options, '-czf', archive, '.']);
    shell.put(
      'run/directive',
      formatRecords([{ kind: 'directive', fields: { bytes: '1', image: 'compute', sha256: 'x', signature: 'x' } }]),
    );
    const { code, told } = await shell.run(`fetch() { cat "$HERE/archive"; }; sync() { :; }; unpack_image`);
    expect({ code, end: told.at(-1) }).toMatchObject({ code: 0, end: expect.stringContaining('state=done') });
    return join(shell.folder, 'mnt');
  }
  const tree = (root: string) =>
    execFileSync('find', ['.', '-printf', '%y %m %U:%G %s %p\\n'], { cwd: root, encoding: 'utf8' })
      .replace(/^d.* \.$/m, '')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replace(/^d (\S+ \S+) \d+/, 'd $1'))
      .toSorted();

  it('D-4: keeps file capabilities', async () => {
    const root = await unpack('--xattrs', '--xattrs-include=*');
    const said = execFileSync('getfattr', ['-n', 'security.capability', '-e', 'base64', join(root, 'usr/bin/ping')], {
      encoding: 'utf8',
    });
    expect(said).toContain(capability);
  });

  it.each(['0.0', '0.1', '1.0'])(
    'D-4: lays sparse files of the POSIX format %s out as they were, under their own names',
    async (version) => {
      const root = await unpack('--format=posix', '--sparse', `--sparse-version=${version}`);
      expect(tree(root)).toEqual(tree(join(folder, 'tree')));
      expect(readFileSync(join(root, 'var/sparse')).equals(readFileSync(join(folder, 'tree/var/sparse')))).toBe(true);
    },
  );

  it('D-4: keeps owners by number, whatever names stand beside them', async () => {
    const root = await unpack('--owner=root:1234', '--group=nobody:42', '--format=gnu');
    expect(statSync(join(root, 'var/sparse'))).toMatchObject({ uid: 1234, gid: 42 });
  });

  it('D-4: an archive that cannot be kept whole fails the step', async () => {
    shell.put(
      'run/directive',
      formatRecords([{ kind: 'directive', fields: { bytes: '1', image: 'compute', sha256: 'x', signature: 'x' } }]),
    );
    const { code, told } = await shell.run(`fetch() { head -c 900 /dev/urandom | gzip; }; unpack_image`);
    expect(code).not.toBe(0);
    expect(told.at(-1)).toMatch(/state=failed .*cannot be unpacked/);
  });
});
