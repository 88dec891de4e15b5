/**
 * Lets the SDK download the Temporal CLI into a folder: `node host/download.ts <folder>`. A process of its own,
 * because the SDK can neither be told to give up nor to download without starting the server.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir] = process.argv.slice(2);
if (!downloadDir) throw new Error('usage: node host/download.ts <folder>');
const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir, ttl: '0s' }, ui: false },
});
await environment.teardown();
