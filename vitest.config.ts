import { defineConfig } from 'vitest/config';

// Two workers: the suites share two cores with the servers that they start.
const workers = { maxWorkers: 2, globalSetup: ['test/support/services.ts'], hookTimeout: 180_000 };

export default defineConfig({
  test: {
    ...workers,
    projects: [
      {
        extends: true,
        test: {
          name: 'main',
          include: ['test/**/*.test.ts'],
          exclude: ['test/vm/**'],
          testTimeout: 60_000,
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
