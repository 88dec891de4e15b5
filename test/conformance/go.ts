import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../host/cache.ts';
import { runFile } from './python.ts';

export type BuiltProgram = { readonly program: string } | { readonly missing: string };

/**
 * A program of `test/conformance/clients`, built into the cache folder at the first use and whenever it or what it is
 * pinned to changes. `missing` says in one line what this machine lacks.
 */
export async function openGo(name: string): Promise<BuiltProgram> {
  const source = fileURLToPath(new URL(`clients/${name}`, import.meta.url));
  const files = await Promise.all(['go.mod', 'go.sum', 'main.go'].map((file) => readFile(join(source, file))));
  const version = createHash('sha256').update(Buffer.concat(files)).digest('hex').slice(0, 12);
  const program = join(cacheFolder(process.env), 'go', `${name}-${version}`);
  if (await isThere(program)) return { program };
  const aside = `${program}.${process.pid}`;
  try {
    await mkdir(join(program, '..'), { recursive: true });
    // The compiler that is here, and what go.sum pins: nothing newer is fetched.
    const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };
    await runFile('go', ['build', '-trimpath', '-o', aside, '.'], { cwd: source, timeout: 280_000, env });
    await rename(aside, program);
    return { program };
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
    const reason = code === 'ENOENT' ? 'there is no go' : (stderr?.trim().split('\n').at(-1) ?? message);
    return { missing: `${name} cannot be built: ${reason}` };
  } finally {
    await rm(aside, { force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
