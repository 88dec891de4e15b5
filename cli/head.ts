/** A head of the audit that was kept elsewhere. */
import { open, stat } from 'node:fs/promises';
import { z } from 'zod';

export interface KeptHead {
  readonly row?: number | undefined;
  readonly hash: string;
}

const form = /^(?:(\d{1,15})[: ])?([0-9a-f]{64})$/;
const shape = z.object({ row: z.number().int().optional(), hash: z.string().regex(/^[0-9a-f]{64}$/) });
const written = z.union([
  z.object({ head: shape }).transform(({ head }) => head),
  z.object({ id: z.number().int(), hash: shape.shape.hash }).transform(({ id, hash }) => ({ row: id, hash })),
  shape,
]);

/** Reads a hash, `row:hash`, or a file with that, with what `verify --json` wrote, or with rows of an export. */
export async function readHead(text: string): Promise<KeptHead> {
  const said = parseHead(text);
  if (said !== null) return said;
  const end = (await readEnd(text)).trim();
  const found = parseHead(end) ?? parseHead(end.split('\n').at(-1) ?? '');
  if (found === null) throw new Error(`${text} holds no head of an audit: neither a hash nor a row`);
  return found;
}

function parseHead(text: string): KeptHead | null {
  const [, row, hash] = form.exec(text.trim()) ?? [];
  if (hash !== undefined) return { hash, ...(row !== undefined && { row: Number(row) }) };
  try {
    return written.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** More than a row has. */
const maxBytes = 5 * 1024 * 1024;

async function readEnd(file: string): Promise<string> {
  const { size } = await stat(file).catch(() => {
    throw new Error(`${file} is neither a hash of 64 hexadecimal digits nor a file`);
  });
  const handle = await open(file);
  try {
    const length = Math.min(size, maxBytes);
    const { buffer } = await handle.read({ buffer: Buffer.alloc(length), position: size - length });
    return buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}
