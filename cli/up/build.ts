import { spawn } from 'node:child_process';
import { copyFile, mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { addOverlay, type SiteTrust } from '../../boot/image/overlay.ts';
import { Trouble } from '../../host/trouble.ts';
import { checkoutRoot } from './layout.ts';
import type { StepProgress } from './steps.ts';

export interface Building {
  /** Folder of all images, `<data>/images`. */
  readonly images: string;
  readonly trust: SiteTrust;
  readonly stop: AbortSignal;
  readonly progress: StepProgress;
}

/** What simulated machines fetch in place of boot files; real ones would stop at it. */
export const simulatedBoot = 'For simulated machines only: they fetch it as real ones do, and run nothing of it.\n';

/** Builds the bootstrap image for this site, and the loaders that lead to it. Quick when it was built before. */
export async function buildBoot(building: Building): Promise<void> {
  const { images, trust } = building;
  const built = join(images, 'bootstrap');
  await runScript(building, 'build', ['--profile', 'stock', '--out', built]);
  const boot = join(images, 'boot');
  await mkdir(boot, { recursive: true });
  await putWhole(join(boot, 'initrd'), addOverlay(await readFile(join(built, 'initrd')), trust));
  await copyFile(join(built, 'vmlinuz'), join(boot, 'vmlinuz.new'));
  await rename(join(boot, 'vmlinuz.new'), join(boot, 'vmlinuz'));
  const loaders = await Promise.all(['local.efi', 'local.pxe'].map((name) => isForReal(join(boot, name))));
  if (loaders.every(Boolean)) return;
  await runScript(building, 'loaders', ['--out', images]);
}

/** Builds the smallest system that boots and reports, as the archive `os/<id>.tar.gz` for each of the ids. */
export async function buildSystem(building: Building, ids: readonly string[]): Promise<void> {
  const folder = join(building.images, 'os');
  await runScript(building, 'os', ['--kind', 'tiny', '--out', folder]);
  for (const id of ids) await copyFile(join(folder, 'tiny.tar.gz'), join(folder, `${id}.tar.gz`));
}

async function putWhole(path: string, bytes: Buffer): Promise<void> {
  await writeFile(`${path}.new`, bytes);
  await rename(`${path}.new`, path);
}

/** False for a file that is absent or stands in for simulated machines. */
async function isForReal(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return false;
  try {
    const start = Buffer.alloc(simulatedBoot.length);
    await file.read(start, 0, start.length, 0);
    return start.toString() !== simulatedBoot;
  } finally {
    await file.close();
  }
}

/** Runs a script of `boot/image`; its lines are the progress, the last of them the reason when it fails. */
async function runScript({ stop, progress }: Building, name: string, args: readonly string[]): Promise<void> {
  stop.throwIfAborted();
  // A group of its own, as the script's compilers are to end with it.
  const child = spawn('nice', [join(checkoutRoot, 'boot', 'image', name), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const end = () => child.pid !== undefined && process.kill(-child.pid, 'SIGTERM');
  stop.addEventListener('abort', end, { once: true });
  let last = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() !== '') last = line.trim();
    progress.note(last.slice(0, 100));
  });
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (exit) => resolve(exit));
  });
  stop.removeEventListener('abort', end);
  progress.note('');
  if (code !== 0) throw new Trouble(`boot/image/${name} could not build what virtual machines boot: ${last || code}`);
}
