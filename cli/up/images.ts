import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { eq } from 'drizzle-orm';
import type { Authority } from '../../boot/authority.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { imageKinds } from '../../mdb/machine.ts';
import { images } from '../../mdb/schema.ts';
import { simulatedImage } from './archive.ts';
import type { Layout } from './layout.ts';
import type { Progress } from './steps.ts';

export interface ImageWish {
  readonly mdb: Mdb;
  readonly authority: Authority;
  readonly layout: Layout;
  /** Whether machines that really boot are to be born. */
  readonly real: boolean;
  readonly stop: AbortSignal;
}

/** Makes sure that there is something to boot from the network, and an image of every kind to install. */
export async function findImages(wish: ImageWish, _progress: Progress): Promise<void> {
  await addBootFiles(join(wish.layout.images, 'boot'));
  for (const kind of imageKinds) {
    const [known] = await wish.mdb.select({ id: images.id }).from(images).where(eq(images.kind, kind)).limit(1);
    if (!known) await addSimulated(wish, kind);
  }
}

/** What boot scripts name. Real ones, where they have been built, are left alone. */
const bootFiles = ['vmlinuz', 'initrd', 'local.efi'];
const simulatedBoot = 'For simulated machines only: they fetch it as real ones do, and run nothing of it.\n';

async function addBootFiles(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of bootFiles) {
    await writeFile(join(folder, name), simulatedBoot, { flag: 'wx' }).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function addSimulated({ mdb, authority, layout }: ImageWish, kind: (typeof imageKinds)[number]): Promise<void> {
  const id = `simulated-${kind}`;
  const path = `os/${id}.tar.gz`;
  const bytes = simulatedImage(kind);
  const file = join(layout.images, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const signature = authority.signImage(sha256);
  const layoutOfDisk = { bootMib: 256, rootMib: 'rest', kernel: 'bootstrap' } as const;
  const row = { kind, path, bytes: bytes.length, sha256, signature, layout: layoutOfDisk, preferred: true };
  await mdb
    .insert(images)
    .values({ id, ...row })
    .onConflictDoNothing();
}
