/** The agent's shell that puts the image system's files into a new root, with its folders moved to a scratch place. */

import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Authority, openAuthority } from '../../boot/authority.ts';
import { imageSystems } from '../../boot/imagesystem/index.ts';
import { formatRecords } from '../../contract/records.ts';
import { runProcess } from '../../sim/vm/process.ts';
import { buildTools } from './tools.ts';

const agent = new URL('../../boot/image/', import.meta.url);
let folder: string;
let authority: Authority;
let server: Server;
let origin: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-root-'));
  authority = await openAuthority(join(folder, 'authority'));
  for (const name of ['images/boot', 'mnt/usr/lib/farrier', 'run', 'etc/farrier', 'bin', 'usr/lib/farrier'])
    await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, 'etc/farrier/image.pub'), authority.imagePublicKeyPem);
  await writeFile(join(folder, 'bin/busybox'), 'busybox');
  await writeFile(
    join(folder, 'usr/lib/farrier/subd-init'),
    await readFile(new URL('reporter/subd-init', agent), 'utf8'),
  );
  server = createServer((request, response) => {
    void readFile(join(folder, 'images', (request.url ?? '').replace('/files/', ''))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.close();
  await rm(folder, { recursive: true });
});

/** Runs words of shell after a file of the agent. */
async function shell(file: string, words: string) {
  const text = await readFile(new URL(`agent/${file}`, agent), 'utf8');
  const moved = text.replaceAll(/\/(mnt|run|etc\/farrier|usr\/lib\/farrier|bin\/busybox)\b/g, (path, _, at) =>
    /[\w}]$/.test(text.slice(0, at)) ? path : `${folder}${path}`,
  );
  const script = `files=${origin}; PATH=${buildTools()}:$PATH\n${moved}\n${words}`;
  return runProcess(['sh', '-c', script], 240_000);
}

async function supply(): Promise<void> {
  const supplies = { authority, images: join(folder, 'images'), accessCaFile: join(folder, 'none') };
  const parts = await imageSystems.dominator.supply('a01-u01', supplies);
  if ('missing' in parts) throw new Error(parts.missing);
  await writeFile(join(folder, 'run/credentials'), formatRecords(parts));
}

test('subd and its credentials are in the new root, the key for root only', async () => {
  await writeFile(join(folder, 'images/boot/subd'), '#!/bin/sh\nexit 0\n');
  await supply();
  const written = await shell('root.sh', 'set -e; write_subd');
  expect(written).toMatchObject({ code: 0 });
  const mode = async (path: string) => (await stat(join(folder, 'mnt', path))).mode & 0o777;
  expect(await readFile(join(folder, 'mnt/usr/local/sbin/subd'), 'utf8')).toContain('exit 0');
  expect(await mode('usr/local/sbin/subd')).toBe(0o755);
  expect(await mode('usr/lib/farrier/subd-init')).toBe(0o755);
  expect(await readFile(join(folder, 'mnt/etc/ssl/CA.pem'), 'utf8')).toContain(authority.caPem);
  expect(await readFile(join(folder, 'mnt/etc/ssl/subd/cert.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
  expect(await mode('etc/ssl/subd/key.pem')).toBe(0o600);
});

test('a subd that is not the one that was signed is refused, and is not in the root', async () => {
  await supply();
  await rm(join(folder, 'mnt/usr/local/sbin/subd'), { force: true });
  await writeFile(join(folder, 'images/boot/subd'), '#!/bin/sh\nexit 1\n');
  const refused = await shell('root.sh', 'set -e; write_subd');
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).toMatch(/SHA-256|checksum/i);
  await expect(stat(join(folder, 'mnt/usr/local/sbin/subd'))).rejects.toThrow();
});

test('an image of no bytes is not fetched, and the hand-over goes the way that the directive says', async () => {
  const stubs = 'begin() { :; }; step() { echo "$@"; }; alive() { :; }; fail() { echo fail "$@"; };';
  const given = `given() { case $1 in bytes) echo 0 ;; image) echo compute-1 ;; how) echo "$way" ;; esac; };`;
  expect((await shell('image.sh', `${stubs} ${given} unpack_image`)).stdout).toBe(
    'image done image compute-1 left to the image system\n',
  );
  const ways = 'hand_to_subd() { echo subd; }; hand_to_disk() { echo disk; }; grep() { return 0; };';
  for (const [way, taken] of [
    ['in-place', 'subd'],
    ['reboot', 'disk'],
  ]) {
    const { stdout } = await shell('handover.sh', `${stubs} ${given} ${ways} way=${way}; hand_over`);
    expect(stdout).toBe(`${taken}\n`);
  }
});
