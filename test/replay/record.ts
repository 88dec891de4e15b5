/**
 * Records histories of births for the replay suite: `scripts/node test/replay/record.ts VERSION`. Run it once a
 * release, before it ships; a history that is there is never written over, because its point is to stay as it was.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { cacheFolder } from '../../host/cache.ts';
import { startTemporal } from '../../host/temporal.ts';
import { findTemporalCli } from '../../host/temporalcli.ts';
import { type Bench, withBench, withController } from '../workflows/bench.ts';

type Different = Parameters<typeof withBench>[1];

interface Scenario {
  readonly different: Different;
  run(bench: Bench): Promise<void>;
}

const held = {
  held: {
    fault: 'register/unknown-port',
    reason: 'eth0 hears a port that the MDB does not know.',
    choices: ['retry', 'abandon'],
  },
};

function heldOnce(): NonNullable<Different['register']> {
  let asked = 0;
  return async () => {
    asked += 1;
    return asked === 1 ? held : { registered: { ...withController.registered, controller: false } };
  };
}

const scenarios: Record<string, Scenario> = {
  'birth-plain': { different: {}, run: (bench) => bench.goOn() },
  'birth-held': {
    different: { register: heldOnce() },
    async run(bench) {
      await bench.report('inventory');
      await bench.asked();
      await bench.passage.signal('answer', 'nonsense');
      await bench.answer('retry');
      await bench.goOn('burnin');
    },
  },
  'birth-controller': {
    different: {
      beginBirth: async () => ({ live: true, fence: 1, controller: true, boot: true }),
      register: async () => withController,
    },
    run: (bench) => bench.goOn(),
  },
  'birth-rebooted': {
    different: {},
    async run(bench) {
      await bench.report('inventory');
      await bench.standsAt('profile');
      await bench.report('inventory', { nonce: 'boot-2' });
      await bench.until(() => bench.calls.filter((call) => call === 'startProfile').length === 2);
      for (const [kind, step] of [
        ['burnin', 'deploy'],
        ['installed', 'ready'],
        ['ready', 'ready'],
      ] as const) {
        await bench.report(kind, { nonce: 'boot-2' });
        if (kind !== 'ready') await bench.standsAt(step);
      }
    },
  },
  'birth-failed': {
    different: {},
    async run(bench) {
      await bench.report('inventory');
      await bench.standsAt('profile');
      await bench.report('burnin');
      await bench.standsAt('deploy');
      await bench.report('failed', { step: 'partition', message: 'sda (serial S3Z8): I/O error' });
      await bench.asked();
      await bench.answer('abandon');
    },
  },
  'birth-cancelled': {
    different: {},
    async run(bench) {
      await bench.report('inventory');
      await bench.standsAt('profile');
      await bench.passage.signal('cancel', { orderId: bench.orderId, by: 'ann', reason: 'wrong machine' });
    },
  },
};

const folder = fileURLToPath(new URL('./histories', import.meta.url));
const version = process.argv[2];
if (!version || !/^\d+\.\d+\.\d+$/.test(version)) {
  process.stderr.write('usage: scripts/node test/replay/record.ts VERSION, e.g. 0.1.0\n');
  process.exit(2);
}

const cli = await findTemporalCli({ cache: cacheFolder(process.env), path: process.env['PATH'] ?? '' });

async function keep(name: string, workflowId: string): Promise<void> {
  const show = ['workflow', 'show', '--output', 'json', '--address', server.address, '--workflow-id', workflowId];
  const { stdout } = await promisify(execFile)(cli, show, { maxBuffer: 64 * 1024 * 1024 });
  const history: unknown = JSON.parse(stdout);
  await writeFile(join(folder, `${version}-${name}.json`), `${JSON.stringify(history)}\n`, { flag: 'wx' });
}

const scratch = await mkdtemp(join(tmpdir(), 'farrier-record-'));
const server = await startTemporal({
  dataFile: null,
  logFile: join(scratch, 'log'),
  uiPort: null,
  cache: cacheFolder(process.env),
  path: process.env['PATH'] ?? '',
});
const environment = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
try {
  await mkdir(folder, { recursive: true });
  for (const [name, scenario] of Object.entries(scenarios)) {
    await withBench(environment, scenario.different, async (bench) => {
      await scenario.run(bench);
      await bench.passage.result();
      // The machine has taken the passage's end when it waits for its next order.
      await bench.idle();
      await keep(name, bench.passage.workflowId);
      await keep(`${name}-machine`, bench.machine.workflowId);
    });
  }
} finally {
  await environment.teardown();
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
}
