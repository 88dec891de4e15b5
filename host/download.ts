/**
 * Lets the SDK download a program: `node host/download.ts cli|test-server <folder>`. A process of its own, because
 * the SDK can neither be told to give up nor to download without starting the server.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [what, downloadDir] = process.argv.slice(2);
if (!downloadDir) throw new Error('usage: node host/download.ts cli|test-server <folder>');
const executable = { type: 'cached-download', downloadDir, ttl: '0s' } as const;
const environment =
  what === 'cli'
    ? await TestWorkflowEnvironment.createLocal({ server: { executable, ui: false } })
    : await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
await environment.teardown();
