import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import { safePath } from '../../boot/files.ts';
import type { ImageSource } from '../../redfish/acts/firmware.ts';
import { fileImage, sha256Of } from '../../redfish/firmware/file.ts';

/** The largest image that any recorded controller takes is 400 MiB. */
const largest = 1024 * 2 ** 20;
/** Images kept: a fleet is brought to few versions at a time. */
const maxKept = 8;

/** No image server is configured: nothing to update firmware from. */
export const noImages: ImageSource = {
  open: async () => ({ why: 'this hardware worker knows no image server: FARRIER_BOOT_URL is not set' }),
};

/**
 * Images of the site's image server. Each is fetched once, checked against its SHA-256, and kept in a folder under that
 * name, from which it is sent; controllers that fetch by themselves are told the server's address.
 */
export function imagesOf(server: string, folder: string): ImageSource {
  const fetching = new Map<string, Promise<string | null>>();
  return {
    async open(image, sha256) {
      const path = safePath(image);
      if (path === null) return { why: `${image} is not a path of the image server` };
      const url = `${server}/files/${path}`;
      const fetched = fetching.get(sha256) ?? keep(url, folder, sha256).finally(() => fetching.delete(sha256));
      fetching.set(sha256, fetched);
      const why = await fetched;
      return why === null ? fileImage(join(folder, sha256), basename(path), url) : { why };
    },
  };
}

/** Makes sure that the folder has it; gives what is wrong otherwise. */
async function keep(url: string, folder: string, sha256: string): Promise<string | null> {
  const file = join(folder, sha256);
  if ((await sha256Of(file).catch(() => null)) === sha256) return null;
  await mkdir(folder, { recursive: true });
  const draft = `${file}.${crypto.randomUUID()}`;
  try {
    await download(url, draft);
    const got = await sha256Of(draft);
    if (got !== sha256) return `${url} has the SHA-256 ${got}, not ${sha256}`;
    await forgetOldest(folder);
    await rename(draft, file);
    return null;
  } catch (error) {
    return `${url} can't be fetched: ${(error as Error).message}`;
  } finally {
    await rm(draft, { force: true });
  }
}

async function download(url: string, file: string): Promise<void> {
  const { statusCode, body } = await request(url, { headersTimeout: 30_000, bodyTimeout: 60_000 });
  if (statusCode !== 200) {
    await body.dump();
    throw new Error(`the image server answered ${statusCode}`);
  }
  await pipeline(body, bounded, createWriteStream(file, { mode: 0o600 }));
}

async function* bounded(body: AsyncIterable<Buffer>) {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > largest) throw new Error(`it is larger than ${largest} bytes`);
    yield chunk;
  }
}

async function forgetOldest(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const aged = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })));
  const old = aged.sort((a, b) => b.at - a.at).slice(maxKept - 1);
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
}
