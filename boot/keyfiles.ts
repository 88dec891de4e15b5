import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, stat, unlink } from 'node:fs/promises';

/** A file of the site's authority is damaged, foreign or too open; the message says which and what to do. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
}

/**
 * The content of a file, which is made first when it is missing. A hard link makes it appear whole, and only once:
 * of several processes that start together one wins, and the others read what it wrote.
 */
export async function createOnce(path: string, make: () => string | Promise<string>, mode: number): Promise<string> {
  const existing = await readIfThere(path);
  if (existing !== null) return existing;
  const temporary = await writeBeside(path, await make(), mode);
  try {
    await link(temporary, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw explain(path, error);
  } finally {
    await unlink(temporary);
  }
  return readFile(path, 'utf8');
}

/** Replaces a file in one step, so that a reader sees the old or the new one. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  await rename(await writeBeside(path, content, mode), path);
}

/** Throws when a key file may be read by anyone but its owner. */
export async function readKeyFile(path: string): Promise<string> {
  const { mode } = await stat(path);
  if (mode & 0o077) throw new AuthorityError(`${path} may be read by others; run: chmod 600 ${path}`);
  return readFile(path, 'utf8');
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw explain(path, error);
  }
}

async function writeBeside(path: string, content: string, mode: number): Promise<string> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      // A key that was used but is lost in a power cut could never be made again.
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explain(path, error);
  }
  return temporary;
}

function explain(path: string, error: unknown): AuthorityError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new AuthorityError(`cannot read or write ${path} (${code})`);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
