import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { service } from './service.ts';
import { type Command, startTestServer } from './testserver.ts';

// A worker says a dozen things about its own start, and warns of every activity that a test makes fail.
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
});

/**
 * The run's Temporal dev server, as clients and workers of this suite; null, with a line that says why, where there
 * is no way to get one. Suites share it: use task queues and workflow ids of your own.
 */
export async function devServer(): Promise<TestWorkflowEnvironment | null> {
  const { address, why } = await service('temporal');
  if (!address) return missing('the Temporal dev server', why);
  return TestWorkflowEnvironment.createFromExistingServer({ address });
}

/** A time-skipping server of this suite's own; null, with a line that says why, where there is no way to get one. */
export async function timeSkipping(): Promise<TestWorkflowEnvironment | null> {
  const { command, why } = await service('testserver');
  if (!command) return missing('the time-skipping Temporal test server', why);
  const server = await startTestServer(JSON.parse(command) as Command);
  const environment = await existing.create({
    server: { type: 'existing' },
    supportsTimeSkipping: true,
    address: server.address,
  });
  const teardown = environment.teardown.bind(environment);
  environment.teardown = () => teardown().finally(() => server.stop());
  return environment;
}

/** The SDK's own factories either start the server, with a timeout of five seconds, or think that it skips no time. */
const existing = TestWorkflowEnvironment as unknown as {
  create(options: {
    readonly server: { readonly type: 'existing' };
    readonly supportsTimeSkipping: boolean;
    readonly address: string;
  }): Promise<TestWorkflowEnvironment>;
};

function missing(what: string, why = 'no reason given'): null {
  process.stderr.write(`skipped: ${what} is not to be had: ${why}\n`);
  return null;
}
