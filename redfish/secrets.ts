import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Credentials } from './login.ts';

/** Where the secrets behind references are kept; the MDB and the histories hold references only. */
export interface SecretStore {
  credentials(reference: string): Promise<Credentials>;
  /**
   * Keeps credentials under a reference of their own, for good once this resolves. What is there already stays and is
   * given: a secret never changes behind its reference, so that a reference in the MDB means one password for ever.
   */
  stage(reference: string, credentials: Credentials): Promise<Credentials>;
  /** Forgets a secret; it may be gone already. */
  remove(reference: string): Promise<void>;
}

const shape = z.object({ username: z.string().min(1), password: z.string() });
const referenceForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Secrets as files of one folder, a JSON object `{"username", "password"}` a reference. Errors never show content. */
export function secretFolder(folder: string): SecretStore {
  const credentials = async (reference: string): Promise<Credentials> => {
    const content = await readFile(placeOf(folder, reference), 'utf8').catch(() => null);
    if (content === null) throw new Error(`there is no secret ${reference}`);
    let parsed: unknown;
    try {
      parsed = JSON.parse(content);
    } catch {
      parsed = null;
    }
    const checked = shape.safeParse(parsed);
    if (!checked.success) throw new Error(`secret ${reference} is not {"username", "password"}`);
    return checked.data;
  };
  return {
    credentials,
    async stage(reference, secret) {
      const place = placeOf(folder, reference);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await keep(folder, place, `${JSON.stringify(secret)}\n`);
      return credentials(reference);
    },
    async remove(reference) {
      await rm(placeOf(folder, reference), { force: true });
      await flush(folder);
    },
  };
}

function placeOf(folder: string, reference: string): string {
  if (!referenceForm.test(reference)) throw new Error('the reference of a secret is malformed');
  return join(folder, reference);
}

/** Whole or not at all, on the disk and not only in its cache, and never in the place of another: hence the link. */
async function keep(folder: string, place: string, content: string): Promise<void> {
  const draft = `${place}.${process.pid}~`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(draft, place).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft, { force: true });
  await flush(folder);
}

/** Names are kept by the folder, which is flushed on its own. */
async function flush(folder: string): Promise<void> {
  const opened = await open(folder, 'r');
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
