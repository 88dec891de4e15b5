import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Begun last, as their short files would be, these would run alone while the other worker has nothing left to do.
const long = [
  'vm/birth',
  'vm/watchdog',
  'workflows/generic',
  'fleet/planned',
  'fleet/outage',
  'up/up',
  'workflows/service',
  'hardware/killed',
  'conformance/service',
  'fleet/',
  'cli/',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = long.findIndex((name) => moduleId.includes(`/test/${name}`));
      return found === -1 ? long.length : found;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

// Two workers: the suites share two cores with the servers that they start.
const workers = {
  maxWorkers: 2,
  globalSetup: ['test/support/services.ts'],
  setupFiles: ['test/support/quiet.ts'],
  sequence: { sequencer: LongFirst },
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
        // Two rigs at a time, each in a network namespace of its own, and nothing else: an emulated machine fills a core.
        test: { name: 'vm', include: ['test/vm/**/*.test.ts'], testTimeout: 60_000 },
      },
    ],
  },
});
