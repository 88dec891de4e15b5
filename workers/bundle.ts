import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BundleOptions, bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Everything that may end up in the bundle. */
export const bundleSources = ['workflows', 'contract', 'domain'];

/**
 * The workflows' bundle, built once for these sources and this SDK and kept in the data folder: bundling takes
 * seconds, which every start would pay otherwise.
 */
export async function workflowBundle(dataFolder: string): Promise<Pick<WorkflowBundleWithSourceMap, 'code'>> {
  const folder = join(dataFolder, 'bundles');
  const kept = join(folder, `${await fingerprint()}.js`);
  const code = await readFile(kept, 'utf8').catch(() => null);
  if (code !== null) return { code };
  const built = await bundleWorkflows(silent);
  await mkdir(folder, { recursive: true });
  // Written aside and renamed: another worker never reads half a bundle.
  const draft = `${kept}.${process.pid}`;
  await writeFile(draft, built.code);
  await rename(draft, kept);
  return { code: built.code };
}

/** Builds the bundle as every worker runs it. */
export function bundleWorkflows(logger: BundleOptions['logger'] & object): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: join(root, 'workflows/index.ts'),
    preloadModules: [join(root, 'workflows/stacks.ts')],
    logger,
  });
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  hash.update(createRequire(import.meta.url)('@temporalio/workflow/package.json').version);
  for (const source of bundleSources) {
    for (const file of await filesOf(source)) hash.update(file).update(await readFile(join(root, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(source: string): Promise<string[]> {
  if (source.endsWith('.ts')) return [source];
  const found = await readdir(join(root, source), { recursive: true });
  return found
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(source, file))
    .sort();
}

const nothing = () => {};
const silent = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
