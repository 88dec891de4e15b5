import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addOverlay, type SiteTrust } from './overlay.ts';

const scripts = new URL('.', import.meta.url).pathname;

export type Profile = 'stock' | 'small';
export type System = 'tiny' | 'debian';

export interface LayOptions {
  /** The data folder's images: `boot/`, `tftp/` and `os/` are filled below it. */
  readonly images: string;
  readonly trust: SiteTrust;
  readonly profile: Profile;
  readonly systems: readonly System[];
  readonly signal?: AbortSignal;
  /** Hears each line that the build scripts say. */
  readonly say?: (line: string) => void;
}

/** A build script that failed; the message is the last thing it said. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/**
 * Everything that a site's machines fetch: the bootstrap image with the site's overlay, the boot loaders, and the
 * systems `os/<name>.tar.gz`. Builds what the cache does not have, which takes minutes; otherwise seconds.
 * Throws BuildError, with the script's sentence, e.g. for a missing package.
 */
export async function layImages(options: LayOptions): Promise<void> {
  const { images, trust, profile, systems } = options;
  const base = join(images, 'base');
  await run('build', ['--profile', profile, '--out', base], options);
  await run('loaders', ['--out', images], options);
  for (const system of systems) await run('os', ['--kind', system, '--out', join(images, 'os')], options);
  await mkdir(join(images, 'boot'), { recursive: true });
  await replace(join(images, 'boot/vmlinuz'), await readFile(join(base, 'vmlinuz')));
  await replace(join(images, 'boot/initrd'), addOverlay(await readFile(join(base, 'initrd')), trust));
}

// A machine may be fetching the file that is being replaced.
async function replace(path: string, bytes: Buffer): Promise<void> {
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}

function run(script: string, words: readonly string[], { signal, say }: LayOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(scripts, script), words, {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal && { signal }),
    });
    let last = '';
    child.stderr.on('data', (chunk: Buffer) => {
      for (const line of chunk
        .toString()
        .split('\n')
        .filter((text) => text.trim() !== '')) {
        last = line;
        say?.(line);
      }
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new BuildError(last || `${script} ended with ${code}`)),
    );
  });
}
