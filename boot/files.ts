import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Files up to this size are served from memory: bootstrap images, not the images of operating systems. */
const smallest = 64 * 2 ** 20;
const memory = 256 * 2 ** 20;
// Larger reads than the default 64 KB: 147 instead of 109 fetches of 10 MB a second (docs/boot.md).
const chunk = 2 ** 20;

export interface ServedFile {
  readonly bytes: number;
  readonly sha256: string;
  /** The whole content, for small files. */
  readonly content: Buffer | null;
}

export interface FileServer {
  /** Answers GET and HEAD for a path below the root, given as in the URL. Returns the body bytes that were sent. */
  serve(request: IncomingMessage, response: ServerResponse, urlPath: string): Promise<number>;
}

/**
 * A path of a URL as a path below a root, or null: no dot files, no `..`, nothing that is still encoded once decoded,
 * no backslash, no control characters.
 */
export function safePath(urlPath: string): string | null {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  const segments = path.split('/');
  return path.length <= 512 && segments.every((segment) => /^[A-Za-z0-9_@+][A-Za-z0-9._@+-]{0,199}$/.test(segment))
    ? path
    : null;
}

export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** The one range of a `Range` header; null for none, several, or another unit (then all is sent); `bad` for 416. */
export function readRange(header: string | undefined, bytes: number): ByteRange | 'bad' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const suffix = match[1] === '';
  const first = suffix ? Math.max(0, bytes - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === '' ? bytes - 1 : Math.min(Number(match[2]), bytes - 1);
  return first > last || first >= bytes ? 'bad' : { first, last };
}

/** Serves the files of one folder. Symbolic links, devices, pipes and folders are not found; nor is what is outside. */
export function createFileServer(root: string): FileServer {
  const known = new Map<string, { version: string; file: Promise<ServedFile> }>();

  function load(path: string, handle: FileHandle, stats: Stats): Promise<ServedFile> {
    const version = `${stats.ino}/${stats.size}/${stats.mtimeMs}`;
    const held = known.get(path);
    known.delete(path);
    const file = held?.version === version ? held.file : readWhole(handle, stats.size);
    known.set(path, { version, file });
    file.then(
      () => forget(known),
      () => known.delete(path),
    );
    return file;
  }

  return {
    async serve(request, response, urlPath) {
      const path = safePath(urlPath);
      const handle = path === null ? null : await openInside(root, path);
      if (path === null || handle === null) return refuse(response, 404, 'no such file');
      try {
        const file = await load(path, handle, await handle.stat());
        return await send(request, response, file, handle);
      } finally {
        await handle.close();
      }
    },
  };
}

/** Opens a regular file below the root without following links; null for everything else. */
async function openInside(root: string, path: string): Promise<FileHandle | null> {
  const wanted = join(root, path);
  // A link anywhere on the way makes the real path another one. O_NONBLOCK, or a pipe would keep us waiting.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await realpath(wanted)
    .then(async (real) => (real === join(await realpath(root), path) ? open(real, flags) : null))
    .catch(() => null);
  if (handle === null || (await handle.stat()).isFile()) return handle;
  await handle.close();
  return null;
}

async function readWhole(handle: FileHandle, size: number): Promise<ServedFile> {
  const hash = createHash('sha256');
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of handle.createReadStream({ start: 0, autoClose: false, highWaterMark: chunk })) {
    hash.update(part);
    bytes += part.length;
    if (size <= smallest) parts.push(part);
  }
  return { bytes, sha256: hash.digest('hex'), content: size <= smallest ? Buffer.concat(parts) : null };
}

/** Keeps what was asked for last within the memory allowed. */
async function forget(known: Map<string, { version: string; file: Promise<ServedFile> }>): Promise<void> {
  let held = 0;
  for (const [path, entry] of [...known].reverse()) {
    const file = await entry.file.catch(() => null);
    held += file?.content?.length ?? 0;
    if (held > memory && known.get(path) === entry) known.delete(path);
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  file: ServedFile,
  handle: FileHandle,
): Promise<number> {
  const etag = `"${file.sha256}"`;
  response.setHeader('etag', etag);
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('content-type', 'application/octet-stream');
  if (matches(request.headers['if-none-match'], etag)) return refuse(response, 304, '');
  const fresh = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const range = fresh ? readRange(request.headers.range, file.bytes) : null;
  if (range === 'bad') {
    response.setHeader('content-range', `bytes */${file.bytes}`);
    return refuse(response, 416, 'no such range');
  }
  const { first, last } = range ?? { first: 0, last: file.bytes - 1 };
  if (range) response.setHeader('content-range', `bytes ${first}-${last}/${file.bytes}`);
  response.writeHead(range ? 206 : 200, { 'content-length': last - first + 1 });
  if (request.method === 'HEAD' || file.bytes === 0) return finish(response);
  if (file.content) return finish(response, file.content.subarray(first, last + 1));
  const stream = handle.createReadStream({ start: first, end: last, autoClose: false, highWaterMark: chunk });
  await pipeline(stream, response);
  return last - first + 1;
}

function finish(response: ServerResponse, body?: Buffer): number {
  response.end(body);
  return body?.length ?? 0;
}

function matches(header: string | undefined, etag: string): boolean {
  return header === '*' || (header?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag) ?? false);
}

function refuse(response: ServerResponse, status: number, body: string): number {
  if (status !== 304) response.setHeader('content-type', 'text/plain');
  response.writeHead(status).end(body);
  return 0;
}
