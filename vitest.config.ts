import { defineConfig } from 'vitest/config';

// Two workers: the suites share two cores with the servers that they start.
const workers = {
  maxWorkers: 2,
  globalSetup: ['test/support/services.ts'],
  setupFiles: ['test/support/quiet.ts'],
};
// Limits end what hangs; a machine that is busy with other things must not reach them.
const limits = {
  testTimeout: 300_000,
  hookTimeout: 300_000,
  teardownTimeout: 60_000,
  expect: { poll: { timeout: 120_000 } },
};

export default defineConfig({
  test: {
    ...workers,
    ...limits,
    // A line for each file, and more only of what failed.
    slowTestThreshold: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'main',
          include: ['test/**/*.test.ts'],
          exclude: ['test/vm/**'],
        },
      },
      {
        extends: true,
        // One rig at a time: emulated machines need the processor to themselves.
        test: { name: 'vm', include: ['test/vm/**/*.test.ts'], testTimeout: 60_000, fileParallelism: false },
      },
    ],
  },
});
