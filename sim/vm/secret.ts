import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Trouble } from '../../host/trouble.ts';
import type { BasicCredentials } from './sessions.ts';

const shape = z.object({ username: z.string().min(1), password: z.string().min(1) });

/** The credentials kept under this reference in the folder of BMC secrets; made at random at the first start. */
export async function openSecret(folder: string, ref: string): Promise<BasicCredentials> {
  const file = join(folder, ref);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) {
    const made = { username: 'farrier', password: randomBytes(18).toString('base64url') };
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(file, JSON.stringify(made), { mode: 0o600 });
    return made;
  }
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    // Its content must not get into the message.
    throw new Trouble(`The secret ${file} is not {"username", "password"}.`);
  }
}
