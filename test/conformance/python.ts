import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../host/cache.ts';

export const runFile = promisify(execFile);

export type Python = { readonly python: string } | { readonly missing: string };

/**
 * A Python with these packages, in a virtual environment of its own below the cache folder, made at the first use.
 * `missing` says in one line what this machine lacks.
 */
export async function openPython(packages: readonly string[]): Promise<Python> {
  const name = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(process.env), 'python', name);
  const python = join(folder, 'bin', 'python');
  if (await isThere(python)) return { python };
  // Made aside and moved, so that a broken or second attempt leaves no half of it.
  const aside = `${folder}.${process.pid}`;
  try {
    await mkdir(join(folder, '..'), { recursive: true });
    await runFile('python3', ['-m', 'venv', aside], { timeout: 120_000 });
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
    await runFile(join(aside, 'bin', 'python'), install, { timeout: 300_000 });
    await rename(aside, folder).catch(async (error) => {
      if (!(await isThere(python))) throw error;
    });
    return { python };
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
    const reason = code === 'ENOENT' ? 'there is no python3' : (stderr?.trim().split('\n').at(-1) ?? message);
    return { missing: `${packages.join(', ')} cannot be set up: ${reason}` };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
