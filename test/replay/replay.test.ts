import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
// Quiets the SDK.
import '../support/temporal.ts';
import { bundle } from '../workflows/bench.ts';

const folder = fileURLToPath(new URL('./histories', import.meta.url));
const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort();

async function replay(workflowBundle: { code: string }, file: string): Promise<void> {
  const history: unknown = JSON.parse(await readFile(`${folder}/${file}`, 'utf8'));
  await Worker.runReplayHistory({ workflowBundle }, history);
}

describe('histories of every release', () => {
  let ours: { code: string };
  let broken: { code: string };

  beforeAll(async () => {
    const logger = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
    ours = await bundle();
    broken = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./broken.ts', import.meta.url)),
      logger,
    });
  });

  test('are there', () => {
    expect(files.length).toBeGreaterThanOrEqual(12);
  });

  test.each(files)('%s replays on this build', async (file) => {
    await replay(ours, file);
  });

  test.each(files.filter((file) => file.includes('plain')))('a broken workflow is caught by %s', async (file) => {
    await expect(replay(broken, file)).rejects.toThrow(/[Nn]ondetermin|TMPRL1100/);
  });
});
