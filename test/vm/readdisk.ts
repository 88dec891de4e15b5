/** Reads a stopped machine's disk from outside, without mounting anything and without the machine's own tools. */
import { createDecipheriv } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from '../../sim/vm/process.ts';
import { type Partition, readPartitions } from './partitions.ts';
import { readUefiVariables } from './uefivars.ts';

const sectorBytes = 512;
const mib = 1024 * 1024;

export async function must(argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProcess(argv, 300_000);
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return stdout;
}

export interface RawDisk {
  readonly path: string;
  readonly bytes: number;
  readonly partitions: readonly Partition[];
  /** The first and the last MiB, where Farrier's mark is. */
  readonly ends: Buffer;
}

export async function readAt(path: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A raw, sparse copy of a qcow2 disk and what its partition table says. */
export async function copyDisk(qcow2: string, folder: string): Promise<RawDisk> {
  const path = join(folder, 'disk.raw');
  await mkdir(folder, { recursive: true });
  await must(['qemu-img', 'convert', '-O', 'raw', qcow2, path]);
  const info = JSON.parse(await must(['qemu-img', 'info', '--output=json', '-f', 'raw', path]));
  const bytes = info['virtual-size'];
  const start = await readAt(path, 0, mib);
  const ends = Buffer.concat([start, await readAt(path, bytes - mib, mib)]);
  return { path, bytes, partitions: readPartitions(start), ends };
}

/** An ext file system: the file or a part of it, as debugfs takes it, with what its superblock says. */
export interface Ext {
  readonly source: string;
  readonly uuid: string;
  readonly label: string;
}

function superblock(start: Buffer, source: string): Ext | null {
  if (start.length < 2048 || start.readUInt16LE(1024 + 56) !== 0xef53) return null;
  const hex = start.subarray(1024 + 104, 1024 + 120).toString('hex');
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return {
    source,
    uuid,
    label: start
      .subarray(1024 + 120, 1024 + 136)
      .toString()
      .replace(/\0.*$/, ''),
  };
}

const neverWritten = Buffer.alloc(sectorBytes);

// Sector numbers count from the start of the volume: aes-xts-plain64.
function decrypt(sector: Buffer, key: Buffer, number: number): Buffer {
  if (sector.equals(neverWritten)) return sector;
  const iv = Buffer.alloc(16);
  iv.writeBigUInt64LE(BigInt(number));
  return createDecipheriv('aes-256-xts', key, iv).update(sector);
}

function decryptAll(data: Buffer, key: Buffer, first: number): Buffer {
  const count = data.length / sectorBytes;
  const sector = (index: number) => data.subarray(index * sectorBytes, (index + 1) * sectorBytes);
  return Buffer.concat(Array.from({ length: count }, (_, index) => decrypt(sector(index), key, first + index)));
}

/** Writes the volume in the clear; what was never written stays a hole. */
async function decryptTo(disk: RawDisk, partition: Partition, key: Buffer, path: string): Promise<void> {
  const [source, target] = [await open(disk.path), await open(path, 'w')];
  const piece = Buffer.alloc(64 * 1024);
  const empty = Buffer.alloc(piece.length);
  try {
    await target.truncate(partition.bytes);
    for (let at = 0; at < partition.bytes; at += piece.length) {
      const length = Math.min(piece.length, partition.bytes - at);
      await source.read(piece, 0, length, partition.offset + at);
      const data = piece.subarray(0, length);
      if (data.equals(empty.subarray(0, length))) continue;
      await target.write(decryptAll(data, key, at / sectorBytes), 0, length, at);
    }
  } finally {
    await source.close();
    await target.close();
  }
}

/** Keys that a machine could have in its UEFI variables: 64 bytes, perhaps behind four of attributes. */
export async function keysIn(vars: string): Promise<Buffer[]> {
  const variables = readUefiVariables(await readFile(vars));
  return variables.map(({ data }) => data).filter(({ length }) => length === 64);
}

/** The disk's half of a key is behind its mark; zeros on disks that were installed before there was one. */
const halfAt = 1025 * sectorBytes;

/** The disk's half of its key, from its first MiB. */
export function halfOf(ends: Buffer): Buffer {
  return ends.subarray(halfAt, halfAt + 64);
}

function whole(key: Buffer, half: Buffer): Buffer {
  return Buffer.from(key.map((byte, index) => byte ^ half.readUInt8(index)));
}

/** The first 4 KiB of a volume, as that key and that half show them. */
export async function firstOf(raw: string, offset: number, key: Buffer, half: Buffer): Promise<Buffer> {
  return decryptAll(await readAt(raw, offset, 4096), whole(key, half), 0);
}

/** The ext file systems of a disk, also those that one of the keys opens together with the disk's half. */
export async function extsOf(disk: RawDisk, keys: readonly Buffer[], folder: string): Promise<Ext[]> {
  const found: Ext[] = [];
  for (const [index, partition] of disk.partitions.entries()) {
    const start = await readAt(disk.path, partition.offset, 4096);
    const plain = superblock(start, `${disk.path}?offset=${partition.offset}`);
    if (plain !== null) found.push(plain);
    const opens = (one: Buffer) => superblock(decryptAll(start, one, 0), '') !== null;
    const key = plain === null ? keys.map((one) => whole(one, halfOf(disk.ends))).find(opens) : undefined;
    if (key === undefined) continue;
    const clear = join(folder, `clear${index}.raw`);
    await decryptTo(disk, partition, key, clear);
    const opened = superblock(await readAt(clear, 0, 4096), clear);
    if (opened !== null) found.push(opened);
  }
  // The power was taken from a running system: what its journal holds is put in place, as the next mount would do.
  for (const { source } of found) await runProcess(['e2fsck', '-p', '-E', 'journal_only', source], 60_000);
  return found;
}

/** A file of the file system; null when it is not there. Throws when it cannot be read. */
export async function readFrom(ext: Ext, path: string): Promise<string | null> {
  const { stdout, stderr } = await runProcess(['debugfs', '-R', `cat ${path}`, ext.source], 60_000);
  if (/File not found/.test(stderr)) return null;
  // The first line is its version; any other is a reason, and its exit code says nothing.
  const complaint = stderr.replace(/^debugfs .*\n/, '').trim();
  if (complaint !== '') throw new Error(`${ext.source}: ${complaint}`);
  return stdout;
}

/** All files below a folder of the file system, by path in it. */
export async function readTree(ext: Ext, path: string, folder: string): Promise<Map<string, string>> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await runProcess(['debugfs', '-R', `rdump ${path} ${folder}`, ext.source], 60_000);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.map(async (file) => [file.slice(folder.length), await readFile(file, 'utf8')] as const)),
  );
}
