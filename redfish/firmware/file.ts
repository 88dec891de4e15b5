import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { FirmwareImage } from './way.ts';

/** An image that is a file at hand. */
export async function fileImage(file: string, name: string, url: string | null): Promise<FirmwareImage> {
  return { name, bytes: (await stat(file)).size, open: () => createReadStream(file), url };
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
