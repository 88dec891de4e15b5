import { and, count, eq, ne, sql } from 'drizzle-orm';
import type { ImageLayout } from '../../domain/images.ts';
import type { ImageKind } from '../../domain/machine.ts';
import { type Actor, acting, record } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { iso, type Row, rowsOf } from '../rows.ts';
import { bootFiles, images } from '../schema.ts';

export interface ImageRow {
  readonly id: string;
  readonly kind: ImageKind;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly signature: string;
  readonly layout: ImageLayout;
  /** Whether new machines of this kind get it; the one before it then no longer is. */
  readonly preferred: boolean;
}

/** Writes an image's row, or brings it up to date, in one transaction with the audit. May be repeated. */
export async function writeImage(mdb: Mdb, image: ImageRow, actor: Actor): Promise<void> {
  await mdb.transaction(async (tx) => {
    if (image.preferred) {
      const others = and(eq(images.kind, image.kind), ne(images.id, image.id));
      await tx.update(images).set({ preferred: false }).where(others);
    }
    const { id, ...values } = image;
    await tx.insert(images).values(image).onConflictDoUpdate({ target: images.id, set: values });
    const detail = { image: id, sha256: image.sha256, bytes: image.bytes, preferred: image.preferred };
    await record(tx, { actor, action: 'image.registered', detail });
  });
}

/** The row of an image, or null. */
export async function readImage(mdb: Mdb, id: string): Promise<ImageRow | null> {
  const [row] = await mdb.select().from(images).where(eq(images.id, id));
  return row ?? null;
}

export interface BootFileRow {
  /** Below the image root, e.g. `boot/vmlinuz`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes what boot files are there to be fetched; the audit names those that changed. May be repeated. */
export async function writeBootFiles(mdb: Mdb, files: readonly BootFileRow[], actor: Actor): Promise<void> {
  await mdb.transaction(async (tx) => {
    const known = await tx.select().from(bootFiles);
    const changed = files.filter(
      ({ path, sha256 }) => !known.some((row) => row.path === path && row.sha256 === sha256),
    );
    for (const file of changed) {
      const set = { ...file, laidAt: sql`now()` };
      await tx.insert(bootFiles).values(file).onConflictDoUpdate({ target: bootFiles.path, set });
    }
    if (changed.length === 0) return;
    const detail = Object.fromEntries(changed.map(({ path, sha256 }) => [path, sha256]));
    await record(tx, { actor, action: 'boot.laid', detail });
  });
}

export interface ListedImage extends Pick<ImageRow, 'id' | 'kind' | 'path' | 'bytes' | 'sha256' | 'preferred'> {
  /** ISO 8601. */
  readonly createdAt: string;
  /** Machines that are to have it. */
  readonly machines: number;
}

export async function listImages(
  mdb: MdbOrTransaction,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<ListedImage[]> {
  const behind =
    after === undefined
      ? sql`true`
      : sql`exists (select 1 from images a where a.id = ${after} and (i.kind, a.created_at, i.id) > (a.kind, i.created_at, a.id))`;
  const rows = await rowsOf<ListedImage & Row>(
    mdb,
    sql`select i.id, i.kind, i.path, i.bytes, i.sha256, i.preferred, i.created_at as "createdAt",
        (select count(*)::int from machines where required_image = i.id) as machines
      from images i where ${behind} order by i.kind, i.created_at desc, i.id limit ${limit}`,
  );
  return rows.map((row) => ({ ...row, createdAt: iso(row.createdAt) }));
}

export async function countImages(mdb: MdbOrTransaction): Promise<number> {
  const [row] = await mdb.select({ total: count() }).from(images);
  return row?.total ?? 0;
}

/** Writes a new image's row; `place` puts its file in place before it counts. */
export async function addImageRow(mdb: Mdb, operator: Actor, row: ImageRow, place: () => Promise<void>): Promise<void> {
  const { id, sha256, bytes, kind } = row;
  await acting(mdb, operator, null, async (tx) => {
    if (row.preferred) await tx.update(images).set({ preferred: false }).where(eq(images.kind, kind));
    await tx.insert(images).values(row);
    await place();
    await record(tx, { actor: operator, action: 'image.add', detail: { id, sha256, bytes, kind } });
  });
}
