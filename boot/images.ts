import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ImageLayout } from '../domain/images.ts';
import type { ImageKind } from '../domain/machine.ts';
import { type BootFileRow, readImage, writeBootFiles, writeImage } from '../mdb/boot/images.ts';
import type { Mdb } from '../mdb/connect.ts';
import type { Authority } from './authority.ts';

/** An image that cannot be registered or is not what was signed; the message says why. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}

export interface ImageSpec {
  /** Name of the image and of its file, `os/<id>.tar.gz` below the image root. */
  readonly id: string;
  readonly kind: ImageKind;
  readonly layout: ImageLayout;
  readonly preferred: boolean;
  /** SHA-256 that the file must have, when whoever built it said so. */
  readonly sha256?: string;
  /** Who registers it, for the audit. */
  readonly by: string;
  /** Whether that is a program and no person. */
  readonly automatic?: boolean;
}

export interface ImageParts {
  readonly mdb: Mdb;
  readonly authority: Pick<Authority, 'signImage' | 'verifyImage'>;
  /** Folder of all images, `<data>/images`. */
  readonly root: string;
}

export interface RegisteredImage {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly signature: string;
}

/**
 * Registers the image that lies at `os/<id>.tar.gz`: reads it once, hashing, refuses what is no gzipped tar or has
 * another checksum than promised, signs it and writes its row. Throws ImageError; nothing is written then.
 */
export async function registerImage(parts: ImageParts, spec: ImageSpec): Promise<RegisteredImage> {
  const path = imagePath(spec.id);
  await sniffTar(parts.root, path);
  const { bytes, sha256 } = await hashFile(parts.root, path);
  if (spec.sha256 !== undefined && spec.sha256.toLowerCase() !== sha256) {
    throw new ImageError(`${path} has SHA-256 ${sha256} instead of ${spec.sha256}: it is refused`);
  }
  const signature = parts.authority.signImage(sha256);
  const { id, kind, layout, preferred, by, automatic = false } = spec;
  const actor = { class: automatic ? 'system' : 'user', name: by } as const;
  await writeImage(parts.mdb, { id, kind, path, bytes, sha256, signature, layout, preferred }, actor);
  return { path, bytes, sha256, signature };
}

/** What a machine fetches first from the network, and later keeps in its own `/boot`. */
const bootFiles = ['boot/vmlinuz', 'boot/initrd'];

/** Registers kernel and initrd as they lie below the image root, after the program that laid them. Throws ImageError. */
export async function registerBootFiles(
  { mdb, root }: Pick<ImageParts, 'mdb' | 'root'>,
  by: string,
): Promise<readonly BootFileRow[]> {
  const laid: BootFileRow[] = [];
  for (const path of bootFiles) laid.push({ path, ...(await hashFile(root, path)) });
  await writeBootFiles(mdb, laid, { class: 'system', name: by });
  return laid;
}

/** Compares an image's file with its row, and the row's signature with the site's key. Throws ImageError. */
export async function verifyImage(parts: ImageParts, id: string): Promise<RegisteredImage> {
  const row = await readImage(parts.mdb, id);
  if (!row) throw new ImageError(`image ${id} is not registered`);
  const { path, signature } = row;
  const { bytes, sha256 } = await hashFile(parts.root, path);
  if (sha256 !== row.sha256 || bytes !== row.bytes) throw new ImageError(`${path} is not the file that was registered`);
  if (!parts.authority.verifyImage(sha256, signature)) throw new ImageError(`${path} is not signed by this site's key`);
  return { path, bytes, sha256, signature };
}

/** The SHA-256 and size of a regular file; 1 MB at a time, so a large image takes no memory. */
export async function hashFile(root: string, path: string): Promise<{ bytes: number; sha256: string }> {
  const handle = await openRegular(root, path);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 2 ** 20 })) {
      hash.update(part);
      bytes += part.length;
    }
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

function imagePath(id: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(id)) {
    throw new ImageError(`${JSON.stringify(id)} is no image name: small letters, digits, dot, dash, underscore`);
  }
  return `os/${id}.tar.gz`;
}

async function openRegular(root: string, path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(join(root, path), flags).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new ImageError(code === 'ENOENT' ? `${path} is not there` : `${path} cannot be read (${code})`);
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new ImageError(`${path} is not a regular file`);
}

const block = 512;

/** Looks into the file: a gzip stream whose first block is a tar header with a right checksum. Unpacks no more. */
async function sniffTar(root: string, path: string): Promise<void> {
  const handle = await openRegular(root, path);
  const magic = Buffer.alloc(3);
  try {
    await handle.read(magic, 0, 3, 0);
  } finally {
    await handle.close();
  }
  if (!magic.equals(Buffer.from([0x1f, 0x8b, 8]))) throw new ImageError(`${path} is not gzip`);
  const header = await unpackedStart(join(root, path)).catch(() => Buffer.alloc(0));
  if (header.length < block || !isTarHeader(header))
    throw new ImageError(`${path} is gzip, but no tar archive is in it`);
}

async function unpackedStart(file: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  await pipeline(createReadStream(file, { end: 2 ** 20 }), createGunzip(), async (unpacked) => {
    for await (const part of unpacked as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length >= block) return;
    }
  }).catch((error: unknown) => {
    // Cut off after the first block is what is wanted.
    if (length < block) throw error;
  });
  return Buffer.concat(parts).subarray(0, block);
}

/** The checksum of a tar header is the sum of its bytes, its own field counted as blanks. */
function isTarHeader(header: Buffer): boolean {
  const claimed = Number.parseInt(
    header
      .toString('latin1', 148, 156)
      .replace(/[\0 ]+/g, ' ')
      .trim(),
    8,
  );
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return claimed === sum;
}
