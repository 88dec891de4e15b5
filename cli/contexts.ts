/** Where this person's Farriers are and how they sign in there: a file that nobody else may read. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const entry = z.strictObject({
  /** Origin of the API. */
  api: z.url({ protocol: /^https?$/ }),
  token: z.string().optional(),
  /** PEM of who signed the API's certificate. */
  ca: z.string().optional(),
});
const shape = z.strictObject({ current: z.string().nullable(), contexts: z.record(z.string(), entry) });

export type ContextEntry = z.infer<typeof entry>;
export type ContextFile = z.infer<typeof shape>;

const nothing: ContextFile = { current: null, contexts: {} };

/** Throws, in a sentence, for a file that is damaged, or that others may read. */
export function readContexts(path: string): ContextFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    throw error;
  }
  if (statSync(path).mode & 0o077)
    throw new Error(`${path} holds tokens and may be read by others; run: chmod 600 ${path}`);
  const read = shape.safeParse(parse(text));
  if (!read.success) throw new Error(`${path} is damaged; mend or remove it, and sign in again with farrier login`);
  return read.data;
}

/** Replaces the file in one step. */
export function writeContexts(path: string, file: ContextFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  try {
    writeFileSync(fresh, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(fresh, 0o600);
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** How one signs in at an API: by the current context if it is of that API, else by any that is. */
export function entryOf({ current, contexts }: ContextFile, api: string): ContextEntry | null {
  const { [current ?? '']: first, ...others } = contexts;
  const at = URL.parse(api)?.origin;
  return (
    [first, ...Object.values(others)].find((one) => one !== undefined && URL.parse(one.api)?.origin === at) ?? null
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
