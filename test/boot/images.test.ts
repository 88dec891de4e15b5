import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuthority } from '../../boot/authority.ts';
import { type ImageParts, registerBootFiles, registerImage, verifyImage } from '../../boot/images.ts';
import { audit, bootFiles, images } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let folder: string;
let db: ThrowawayMdb;
let parts: ImageParts;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-images-'));
  db = await throwawayMdb();
  parts = { mdb: db.mdb, root: join(folder, 'images'), authority: await openAuthority(join(folder, 'authority')) };
  await mkdir(join(parts.root, 'os'), { recursive: true });
  await writeFile(join(folder, 'hostname'), 'x'.repeat(100_000));
});

afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

const layout = { bootMib: 256, rootMib: 'rest', kernel: 'bootstrap' } as const;
const spec = (id: string) => ({ id, kind: 'compute', layout, preferred: true, by: 'test' }) as const;
const file = (id: string) => join(parts.root, 'os', `${id}.tar.gz`);
const pack = (id: string) => execFileSync('tar', ['-czf', file(id), '-C', folder, 'hostname']);

test('an image is signed and registered; a later preferred one takes its place', async () => {
  pack('one');
  const registered = await registerImage(parts, spec('one'));
  expect(registered.path).toBe('os/one.tar.gz');
  expect(parts.authority.verifyImage(registered.sha256, registered.signature)).toBe(true);
  expect(await verifyImage(parts, 'one')).toMatchObject({ sha256: registered.sha256 });
  await registerImage(parts, { ...spec('one'), sha256: registered.sha256.toUpperCase() });
  pack('two');
  await registerImage(parts, spec('two'));
  const rows = await db.mdb.select().from(images).orderBy(images.id);
  expect(rows.map(({ id, preferred }) => [id, preferred])).toEqual([
    ['one', false],
    ['two', true],
  ]);
});

test('a wrong checksum, another format, a link and what is not there are refused, and no row is written', async () => {
  pack('wrong');
  await expect(registerImage(parts, { ...spec('wrong'), sha256: '0'.repeat(64) })).rejects.toThrow('instead of 000');
  await writeFile(file('plain'), 'x'.repeat(2000));
  await expect(registerImage(parts, spec('plain'))).rejects.toThrow('is not gzip');
  await writeFile(file('qcow'), gzipSync(Buffer.from('QFI\xfb'.repeat(500))));
  await expect(registerImage(parts, spec('qcow'))).rejects.toThrow('no tar archive');
  await writeFile(file('broken'), Buffer.from([0x1f, 0x8b, 8, 1, 2, 3]));
  await expect(registerImage(parts, spec('broken'))).rejects.toThrow('no tar archive');
  await symlink(file('wrong'), file('link'));
  await expect(registerImage(parts, spec('link'))).rejects.toThrow('cannot be read');
  execFileSync('mkfifo', [file('pipe')]);
  await expect(registerImage(parts, spec('pipe'))).rejects.toThrow('not a regular file');
  await expect(registerImage(parts, spec('absent'))).rejects.toThrow('is not there');
  await expect(registerImage(parts, spec('../one'))).rejects.toThrow('is no image name');
  expect(await db.mdb.select().from(images)).toHaveLength(0);
});

test('a file that was changed after it was registered, or a row signed by another key, does not verify', async () => {
  pack('one');
  await registerImage(parts, spec('one'));
  const other = { ...parts, authority: await openAuthority(join(folder, 'other')) };
  await expect(verifyImage(other, 'one')).rejects.toThrow('not signed by this site');
  await writeFile(file('one'), gzipSync('other'));
  await expect(verifyImage(parts, 'one')).rejects.toThrow('not the file that was registered');
  await expect(verifyImage(parts, 'none')).rejects.toThrow('is not registered');
});

test('boot files are registered as they lie there; only what changed is written again and audited', async () => {
  await expect(registerBootFiles(parts, 'test')).rejects.toThrow('boot/vmlinuz is not there');
  await mkdir(join(parts.root, 'boot'));
  await writeFile(join(parts.root, 'boot', 'vmlinuz'), 'kernel');
  await writeFile(join(parts.root, 'boot', 'initrd'), 'one');
  await registerBootFiles(parts, 'test');
  await registerBootFiles(parts, 'test');
  await writeFile(join(parts.root, 'boot', 'initrd'), 'other');
  await registerBootFiles(parts, 'test');
  const sum = (text: string) => createHash('sha256').update(text).digest('hex');
  const rows = await db.mdb.select().from(bootFiles).orderBy(bootFiles.path);
  expect(rows.map(({ path, bytes, sha256 }) => [path, bytes, sha256])).toEqual([
    ['boot/initrd', 5, sum('other')],
    ['boot/vmlinuz', 6, sum('kernel')],
  ]);
  const noted = await db.mdb.select().from(audit).orderBy(audit.id);
  expect(noted.map(({ action, detail }) => [action, detail])).toEqual([
    ['boot.laid', { 'boot/vmlinuz': sum('kernel'), 'boot/initrd': sum('one') }],
    ['boot.laid', { 'boot/initrd': sum('other') }],
  ]);
});
