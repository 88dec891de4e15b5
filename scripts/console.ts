/**
 * Builds the console into `console/dist`, which the API serves; scripts/setup calls it when a source is newer. The old one
 * is served until the new one is whole.
 */
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = join(import.meta.dirname, '..', 'console');
const folder = join(root, 'dist');
const fresh = `${folder}.${process.pid}`;

mkdirSync(fresh, { recursive: true });
try {
  // Its time is that of the beginning: what is written while it is built is newer.
  writeFileSync(join(fresh, 'built'), '');
  await build({
    root,
    configFile: false,
    // Of warnings there is one for each file that says it is for clients only.
    logLevel: 'error',
    build: {
      outDir: fresh,
      emptyOutDir: false,
      target: 'es2023',
      // The policy of the pages lets nothing be written into them.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // What may be kept is judged by its compressed size, in test/console.
      chunkSizeWarningLimit: 2000,
    },
  });
  for (const name of globSync('assets/*.{js,css,svg}', { cwd: fresh })) pack(join(fresh, name));
  rmSync(`${folder}.old`, { recursive: true, force: true });
  if (statSync(folder, { throwIfNoEntry: false })) renameSync(folder, `${folder}.old`);
  renameSync(fresh, folder);
} finally {
  for (const one of [fresh, `${folder}.old`]) rmSync(one, { recursive: true, force: true });
}

/** Beside a file lies what is sent of it to those who can unpack it. */
function pack(file: string): void {
  const bytes = readFileSync(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}
