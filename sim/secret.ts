import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { BmcAccount } from './state.ts';

const shape = z.object({ username: z.string().min(1), password: z.string().min(1) });

/** The account of all simulated controllers, from the secret that their announcement refers to; made when missing. */
export async function openAccount(folder: string, reference: string): Promise<BmcAccount> {
  const path = join(folder, reference);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const made = JSON.stringify({ username: 'admin', password: randomBytes(18).toString('base64url') });
  await writeFile(path, made, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return shape.parse(JSON.parse(await readFile(path, 'utf8')));
}
