/** The bootstrap image as it is built: the same bytes each time, within its budget, whole, and with no secret in it. */
import { createHash, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, openAuthority } from '../../boot/authority.ts';
import { addOverlay } from '../../boot/image/overlay.ts';
import { renderBootstrap } from '../../boot/render.ts';
import { cacheFolder } from '../../host/cache.ts';
import { runProcess } from '../../sim/vm/process.ts';
import { findMissingTools } from './needs.ts';

const source = fileURLToPath(new URL('../../boot/image/', import.meta.url));
/** Of the stock profile, in bytes: docs/image.md. */
const budget = 16_000_000;
const buildMs = 15 * 60_000;

async function whyNotBuilt(): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'needs Linux on x86_64';
  const wanted = ['apt-cache', 'dpkg-deb', 'cpio', 'xz', 'depmod', 'musl-gcc', 'gcc', 'make', 'readelf', 'strip'];
  const missing = await findMissingTools([...wanted, '/usr/include/bearssl.h']);
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const { stdout } = await runProcess(['apt-cache', 'policy', 'linux-image-amd64']);
  return /Candidate: \d/.test(stdout) ? null : 'needs apt sources of Debian 12';
}

const reason = await whyNotBuilt();

interface Built {
  readonly vmlinuz: Buffer;
  readonly initrd: Buffer;
  readonly manifest: string;
}

async function build(out: string, environment: Readonly<Record<string, string>>, umask: string): Promise<Built> {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const script = `umask ${umask}; exec nice "$0" --profile stock --out "$1"`;
  const argv = ['env', ...variables, 'sh', '-c', script, join(source, 'build'), out];
  const { code, stderr } = await runProcess(argv, buildMs);
  if (code !== 0) throw new Error(stderr);
  const [vmlinuz, initrd, manifest] = await Promise.all(
    ['vmlinuz', 'initrd', 'manifest.json'].map((name) => readFile(join(out, name))),
  );
  if (!vmlinuz || !initrd || !manifest) throw new Error('a file is missing');
  return { vmlinuz, initrd, manifest: manifest.toString() };
}

/** Unpacks as the kernel does: the compressed archive, then the plain one behind it. */
async function unpack(tree: string, file: string): Promise<void> {
  await mkdir(tree, { recursive: true });
  const read = file.endsWith('.cpio') ? 'cat "$0"' : 'xz -dc "$0"';
  const argv = ['sh', '-c', `${read} | (cd "$1" && cpio -idmu --quiet --no-absolute-filenames)`, file, tree];
  const { code, stderr } = await runProcess(argv, 60_000);
  if (code !== 0) throw new Error(stderr);
}

const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const isExecutable = async (path: string) => ((await stat(path)).mode & 0o111) === 0o111;

describe.skipIf(reason !== null)(`the bootstrap image${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  let tree: string;
  let kept: Built;
  let fresh: Built;
  let site: Authority;
  let siteInitrd: Buffer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-image-test-'));
    tree = join(folder, 'tree');
    // The usual cache may have a build from another day; the other one has the packages only, and builds.
    const packages = join(cacheFolder(process.env), 'deb');
    await mkdir(packages, { recursive: true });
    await mkdir(join(folder, 'cache'));
    await symlink(packages, join(folder, 'cache', 'deb'));
    const elsewhere = { FARRIER_CACHE: join(folder, 'cache'), TMPDIR: folder, TZ: 'Asia/Tokyo', LC_ALL: 'C.UTF-8' };
    [kept, fresh] = await Promise.all([
      build(join(folder, 'kept'), { FARRIER_CACHE: cacheFolder(process.env) }, '022'),
      build(join(folder, 'fresh'), elsewhere, '077'),
    ]);
    site = await openAuthority(join(folder, 'authority'), { addresses: ['127.0.0.1'] });
    siteInitrd = addOverlay(fresh.initrd, site);
    await writeFile(join(folder, 'site.cpio'), siteInitrd.subarray(Math.ceil(fresh.initrd.length / 4) * 4));
    await unpack(tree, join(folder, 'fresh', 'initrd'));
    await unpack(tree, join(folder, 'site.cpio'));
  }, buildMs + 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has the same bytes from two builds, in another folder, time zone, locale and umask', () => {
    expect(sum(fresh.vmlinuz)).toBe(sum(kept.vmlinuz));
    expect(sum(fresh.initrd)).toBe(sum(kept.initrd));
    expect(fresh.manifest).toBe(kept.manifest);
  });

  it('says in its manifest what it is', () => {
    const { profile, files } = JSON.parse(fresh.manifest);
    expect(profile).toBe('stock');
    expect(files).toEqual({
      vmlinuz: { bytes: fresh.vmlinuz.length, sha256: sum(fresh.vmlinuz) },
      initrd: { bytes: fresh.initrd.length, sha256: sum(fresh.initrd) },
    });
  });

  it('fits its budget, the site overlay included', () => {
    expect(fresh.vmlinuz.length + siteInitrd.length).toBeLessThanOrEqual(budget);
    expect(fresh.vmlinuz.length).toBeGreaterThan(1_000_000);
  });

  it('has the agent as init, and all of its stages', async () => {
    expect(await readFile(join(tree, 'init'), 'utf8')).toBe(await readFile(join(source, 'agent/init'), 'utf8'));
    expect(await isExecutable(join(tree, 'init'))).toBe(true);
    const stages = (await readdir(join(source, 'agent'))).filter((name) => name !== 'init');
    const sourced = /^for file in (.*); do$/m.exec(await readFile(join(tree, 'init'), 'utf8'))?.[1]?.split(' ') ?? [];
    expect(sourced.length).toBeGreaterThan(10);
    expect(stages.filter((name) => name.endsWith('.sh')).toSorted()).toEqual(
      sourced.map((name) => `${name}.sh`).toSorted(),
    );
    for (const [from, names] of [
      ['agent', stages] as const,
      ['reporter', await readdir(join(source, 'reporter'))] as const,
    ])
      for (const name of names)
        expect(await readFile(join(tree, 'usr/lib/farrier', name)), name).toEqual(
          await readFile(join(source, from, name)),
        );
  });

  it('has every tool that the stages call, and each of them starts', async () => {
    const own = ['fetch', 'lldp', 'rec', 'feed', 'probe', 'crypt', 'tpmkey', 'bmc'];
    const packaged = ['mke2fs', 'mkfs.fat', 'sfdisk', 'blkid', 'chattr', 'dmidecode', 'extlinux'];
    for (const name of ['busybox', ...own, ...packaged])
      expect(await isExecutable(join(tree, 'bin', name)), name).toBe(true);
    for (const name of packaged) {
      const loader = [join(tree, 'lib/ld-linux-x86-64.so.2'), '--library-path', join(tree, 'lib'), '--list'];
      const { code, stdout } = await runProcess([...loader, join(tree, 'bin', name)]);
      expect(code, stdout).toBe(0);
      const paths = stdout.split('\n').flatMap((line) => /=> (\S+)/.exec(line)?.[1] ?? []);
      expect(
        paths.filter((path) => !path.startsWith(`${tree}/`)),
        `${name} would use the host's`,
      ).toEqual([]);
    }
    for (const name of own)
      expect((await runProcess(['readelf', '-d', join(tree, 'bin', name)])).stdout).not.toContain('NEEDED');
    expect((await runProcess([join(tree, 'bin/rec'), 'put', 'step', 'name', 'a b'])).stdout.trim()).toBe(
      'step name=a%20b',
    );
  });

  it('has what makes firmware start the disk', async () => {
    for (const name of ['mbr.bin', 'gptmbr.bin', 'systemd-bootx64.efi'])
      expect((await stat(join(tree, 'usr/share/boot', name))).size, name).toBeGreaterThan(0);
  });

  it("has the site's CA and image key after the overlay", async () => {
    expect(await readFile(join(tree, 'etc/farrier/ca.pem'), 'utf8')).toBe(site.caPem);
    expect(await readFile(join(tree, 'etc/farrier/image.pub'), 'utf8')).toBe(site.imagePublicKeyPem);
    expect(siteInitrd.subarray(0, fresh.initrd.length).equals(fresh.initrd)).toBe(true);
  });

  it('has nothing secret in it: no private key of the site, and none at all', async () => {
    const files = (await readdir(tree, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const all = Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
    expect(all.length).toBeGreaterThan(fresh.initrd.length);
    expect(all.includes('-----BEGIN')).toBe(true);
    expect(all.includes('PRIVATE KEY-----')).toBe(false);
    const authority = await readdir(join(folder, 'authority'));
    const texts = await Promise.all(authority.map((name) => readFile(join(folder, 'authority', name), 'utf8')));
    const secrets = texts.filter((text) => text.includes('PRIVATE KEY'));
    expect(secrets.length).toBeGreaterThanOrEqual(3);
    for (const text of secrets) {
      // What a private key file ends with is its public point, which the CA's certificate has too.
      const lines = text.split('\n').filter((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line));
      expect(lines.length).toBe(3);
      for (const line of lines.slice(0, 2)) expect(all.includes(line)).toBe(false);
      const scalar = createPrivateKey(text).export({ format: 'jwk' }).d ?? '';
      expect(Buffer.from(scalar, 'base64url').length).toBe(32);
      expect(all.includes(Buffer.from(scalar, 'base64url'))).toBe(false);
    }
  });

  it('is fast by one kernel argument: the files are the same', () => {
    const surroundings = { bootUrl: 'http://10.0.0.1:8080', agentUrl: 'https://10.0.0.1:8443', consoles: ['ttyS0'] };
    const boot = {
      mac: '52:54:00:00:00:01',
      token: 'A'.repeat(43),
      time: 1_800_000_000,
      address: '10.77.1.5',
    } as const;
    const [whole, fast] = [false, true].map((yes) =>
      renderBootstrap(surroundings, { ...boot, fast: yes, arch: 'x86_64' }),
    );
    expect(fast).not.toBe(whole);
    expect(fast?.replace(' farrier.fast=1', '')).toBe(whole);
    expect(readFileSync(join(tree, 'usr/lib/farrier/burnin.sh'), 'utf8')).toContain('the fast image does no burn-in');
  });
});
