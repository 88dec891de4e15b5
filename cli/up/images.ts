import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import type { Authority } from '../../boot/authority.ts';
import { registerBootFiles, registerImage } from '../../boot/images.ts';
import type { ImageLayout } from '../../domain/images.ts';
import { type ImageKind, imageKinds } from '../../domain/machine.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { images } from '../../mdb/schema.ts';
import { simulatedImage } from './archive.ts';
import { type Building, buildBoot, buildSystem, simulatedBoot } from './build.ts';
import type { DataLayout } from './layout.ts';
import type { StepProgress } from './steps.ts';

export interface ImageSources {
  readonly mdb: Mdb;
  readonly authority: Authority;
  readonly layout: DataLayout;
  /** Whether machines that really boot are to be born. */
  readonly real: boolean;
  readonly stop: AbortSignal;
}

/** Neither image has a kernel: a real machine goes on with the bootstrap image's. */
const disk: ImageLayout = { bootMib: 256, rootMib: 'rest', kernel: 'bootstrap' };

/** Makes sure that there is something to boot from the network, and an image of every kind to install. */
export async function findImages(spec: ImageSources, progress: StepProgress): Promise<void> {
  if (spec.real) await buildBoot(buildingOf(spec, progress));
  else await addBootFiles(join(spec.layout.images, 'boot'));
  await registerBootFiles({ mdb: spec.mdb, root: spec.layout.images }, 'up');
  await (spec.real ? realImages(spec, progress) : simulatedImages(spec));
}

function buildingOf({ layout, authority, stop }: ImageSources, progress: StepProgress): Building {
  return { images: layout.images, trust: authority, stop, progress };
}

async function realImages(spec: ImageSources, progress: StepProgress): Promise<void> {
  const ids = imageKinds.map((kind) => `tiny-${kind}`);
  const known = await spec.mdb.select({ id: images.id }).from(images);
  if (ids.every((id) => known.some((row) => row.id === id))) return;
  await buildSystem(buildingOf(spec, progress), ids);
  for (const kind of imageKinds) await register(spec, `tiny-${kind}`, kind);
}

async function simulatedImages(spec: ImageSources): Promise<void> {
  for (const kind of imageKinds) {
    const [known] = await spec.mdb.select({ id: images.id }).from(images).where(eq(images.kind, kind)).limit(1);
    if (!known) await addSimulated(spec, kind);
  }
}

/** What boot scripts name. Real ones, where they have been built, are left alone. */
const bootFiles = ['vmlinuz', 'initrd', 'local.efi'];

async function addBootFiles(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of bootFiles) {
    await writeFile(join(folder, name), simulatedBoot, { flag: 'wx' }).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function addSimulated(spec: ImageSources, kind: ImageKind): Promise<void> {
  const id = `simulated-${kind}`;
  const folder = join(spec.layout.images, 'os');
  const file = join(folder, `${id}.tar.gz`);
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.new`, simulatedImage(kind));
  await rename(`${file}.new`, file);
  await register(spec, id, kind);
}

async function register({ mdb, authority, layout }: ImageSources, id: string, kind: ImageKind): Promise<void> {
  await registerImage(
    { mdb, authority, root: layout.images },
    { id, kind, layout: disk, preferred: true, by: 'up', automatic: true },
  );
}
