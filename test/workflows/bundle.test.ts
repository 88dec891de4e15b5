/** What the workflows' bundle is made of, and when it is built anew. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundleSources, bundleWorkflows } from '../../workers/bundle.ts';

test('Every file of ours in the bundle is among those whose change has it built anew', async () => {
  const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
  const { code } = await bundleWorkflows(quiet);
  const map = code.slice(code.lastIndexOf('base64,') + 'base64,'.length).trim();
  const { sources } = JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] };
  const root = fileURLToPath(new URL('../..', import.meta.url)).slice(1);
  const ours = sources
    .map((source) => source.replace(/^webpack:\/\/[^/]*\//, '').replace(/^\.?\//, ''))
    .filter((path) => path.endsWith('.ts') && !path.includes('node_modules/'))
    .map((path) => path.replace(root, ''));
  expect(ours).toContain('workflows/machine.ts');
  expect(ours.filter((path) => !bundleSources.some((source) => path.startsWith(`${source}/`)))).toEqual([]);
});
