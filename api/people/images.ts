import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import * as contract from '../../contract/api.ts';
import type { Actor } from '../../mdb/acting.ts';
import { addImageRow, countImages, listImages } from '../../mdb/boot/images.ts';
import type { PeopleDependencies } from './app.ts';
import { readPage } from './cursors.ts';
import { ApiError } from './errors.ts';
import { type ApiRoute, route } from './route.ts';

const maxBytes = 64 * 1024 ** 3;

export const imageRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/images',
    tag: 'images',
    summary: 'Images, newest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    query: contract.imageQuery,
    answers: { 200: contract.imageList },
    handle: async ({ query, mdb, cursors }) => {
      const { rows, ...page } = await readPage(
        cursors,
        'images',
        query,
        (of) => listImages(mdb, of),
        () => countImages(mdb),
      );
      return { images: [...rows], ...page };
    },
  }),
  route({
    method: 'PUT',
    path: '/images/:id',
    tag: 'images',
    summary: 'Takes an image (tar.gz) in, signs it and offers it to new machines; or only its name',
    right: { role: 'admin', of: 'site' },
    effect: 'write',
    bodyLimit: maxBytes,
    consumes: 'application/octet-stream',
    params: z.strictObject({ id: contract.imageId }),
    query: contract.imageUpload,
    answers: { 201: contract.imageKept },
    handle: async ({ params, query, operator, request, dependencies }) => {
      const take = query.archive === 'none' ? nameImage : takeImage;
      const kept = await take(dependencies, operator, params.id, query, request.body as Readable);
      return { id: params.id, ...kept };
    },
  }),
];

interface Kept {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes the stream to a file of its own. What is wrong is told after the whole body has come: a client that is cut
 * off while it still sends never reads the reason.
 */
async function keepFile(path: string, body: Readable, promised: string | undefined): Promise<Kept> {
  const hash = createHash('sha256');
  let bytes = 0;
  let problem: ApiError | null = null;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // Looked at, not believed: a disk image under another name would be unpacked as something else later.
      if (bytes === 0 && !(chunk[0] === 0x1f && chunk[1] === 0x8b))
        problem = new ApiError('invalid', 'this is not a tar.gz archive');
      bytes += chunk.length;
      if (bytes > maxBytes) problem = new ApiError('too-large', `an image is at most ${maxBytes} bytes`);
      if (problem !== null) return done();
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(body, measure, createWriteStream(path, { flags: 'wx', mode: 0o644 }));
  if (problem !== null) throw problem;
  if (bytes === 0) throw new ApiError('invalid', 'the image is empty');
  const sha256 = hash.digest('hex');
  if (promised === undefined || promised === sha256) return { bytes, sha256 };
  throw new ApiError('invalid', `the SHA-256 of what arrived is ${sha256}, not ${promised}`, 'sha256');
}

type Upload = z.infer<typeof contract.imageUpload>;

/** An image that its image system fetches by itself: no bytes here, under the name that it has there. */
async function nameImage(dependencies: PeopleDependencies, operator: Actor, id: string, upload: Upload): Promise<Kept> {
  const kept = { bytes: 0, sha256: createHash('sha256').digest('hex') };
  await addImage(dependencies, operator, { id, path: `named/${id}`, ...kept }, upload, async () => {});
  return kept;
}

/** The file gets its name while the row is not committed yet: of two with one id, the second changes nothing. */
async function takeImage(
  dependencies: PeopleDependencies,
  operator: Actor,
  id: string,
  upload: Upload,
  body: Readable,
): Promise<Kept> {
  // It becomes the name of a file.
  const named = contract.id.safeParse(id);
  if (!named.success)
    throw new ApiError('invalid', `the id of an archive ${named.error.issues[0]?.message ?? 'is another'}`, 'id');
  const { images: folder } = dependencies;
  const target = join(folder, 'os', `${id}.tar.gz`);
  const partial = `${target}.${randomUUID()}.partial`;
  await mkdir(join(folder, 'os'), { recursive: true });
  try {
    const kept = await keepFile(partial, body, upload.sha256);
    const row = { id, path: `os/${id}.tar.gz`, ...kept };
    await addImage(dependencies, operator, row, upload, () => rename(partial, target));
    return kept;
  } finally {
    await rm(partial, { force: true });
  }
}

async function addImage(
  { mdb, authority }: PeopleDependencies,
  operator: Actor,
  row: Kept & { readonly id: string; readonly path: string },
  { kind, bootMib, kernel, preferred: spec }: Upload,
  place: () => Promise<void>,
): Promise<void> {
  const preferred = spec === 'true';
  const layout = { bootMib, rootMib: 'rest', kernel } as const;
  const signature = authority.signImage(row.sha256);
  await addImageRow(mdb, operator, { ...row, kind, signature, layout, preferred }, place);
}
