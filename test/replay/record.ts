/**
 * Records histories of passages for the replay suite: `scripts/node test/replay/record.ts VERSION [NAME…]`, all of them
 * or those that are named. Run it once a release, before it ships; a history that is there is never written over,
 * because its point is to stay as it was.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Report } from '../../contract/machine.ts';
import type { Passage } from '../../domain/machine.ts';
import { cacheFolder } from '../../host/cache.ts';
import { startTemporal } from '../../host/temporal.ts';
import { findTemporalCli } from '../../host/temporalcli.ts';
import { type Bench, goingWell, withBench, withController } from '../workflows/bench.ts';
import { campaignScenarios, playCampaign } from './campaigns.ts';
import { playReconcile, reconcileScenarios } from './reconciles.ts';
import { playSemaphore, semaphoreScenarios } from './semaphores.ts';

type Different = Parameters<typeof withBench>[1];

interface Scenario {
  /** `birth` by default. */
  readonly kind?: Passage;
  readonly different: Different;
  run(bench: Bench): Promise<void>;
}

const question = {
  question: {
    fault: 'register/unknown-port',
    reason: 'eth0 hears a port that the MDB does not know.',
    choices: ['retry', 'abandon'],
  },
};

function heldOnce(): NonNullable<Different['register']> {
  let requestCount = 0;
  return async () => {
    requestCount += 1;
    return requestCount === 1 ? question : { registered: { ...withController.registered, controller: false } };
  };
}

/** An order whose request says this. */
function asked(request: object): Different {
  const usual = goingWell([]).beginPassage;
  return { beginPassage: async (input) => ({ ...(await usual(input)), request: { ...request } }) };
}

let reported = 0;
/** What the machine tells, once the passage stands where it waits for it. */
async function tell(bench: Bench, step: string, report: Pick<Report, 'kind'> & Partial<Report>): Promise<void> {
  await bench.exists();
  await bench.standsAt(step);
  reported += 1;
  await bench.passage.signal('report', { id: `t${reported}`, nonce: 'boot-1', ...report });
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
  'clean-owner': {
    kind: 'clean',
    different: asked({ owner: 'next', power: 'cycle' }),
    async run(bench) {
      await tell(bench, 'boot', { kind: 'inventory' });
      await tell(bench, 'erase', {
        kind: 'failed',
        step: 'erase',
        message: 'sda (serial S1): crypto: there is no key',
      });
      await bench.asked();
      await bench.answer('method:overwrite');
      await tell(bench, 'erase', { kind: 'inventory', nonce: 'boot-2' });
      await bench.until(() => bench.calls.filter((call) => call === 'directErase').length === 3);
      for (const [step, kind] of [
        ['erase', 'erased'],
        ['deploy', 'installed'],
        ['ready', 'ready'],
      ] as const)
        await tell(bench, step, { kind, nonce: 'boot-2' });
    },
  },
  'clean-off': {
    kind: 'clean',
    different: asked({ owner: null, power: 'cycle' }),
    async run(bench) {
      await tell(bench, 'boot', { kind: 'inventory' });
      await tell(bench, 'erase', { kind: 'erased' });
    },
  },
  rebirth: {
    kind: 'rebirth',
    different: asked({ power: 'cycle', semaphores: { reboot: 'rack' } }),
    async run(bench) {
      for (const [step, kind] of [
        ['rack', 'inventory'],
        ['profile', 'burnin'],
        ['deploy', 'installed'],
        ['ready', 'ready'],
      ] as const)
        await tell(bench, step, { kind });
    },
  },
  retire: {
    kind: 'retire',
    different: {},
    async run(bench) {
      await tell(bench, 'boot', { kind: 'inventory' });
      await tell(bench, 'erase', { kind: 'erased' });
    },
  },
  reboot: {
    kind: 'reboot',
    different: asked({ semaphores: { drain: 'rack', reboot: 'rack' } }),
    run: (bench) => bench.exists(),
  },
  'reboot-planned': {
    kind: 'reboot',
    different: {
      beginPassage: async (input) => ({ ...(await goingWell([]).beginPassage(input)), dryRun: true }),
      act: async () => ({ state: 'planned', observed: 'a dry run', command: { reset: 'GracefulRestart' } }),
    },
    run: (bench) => bench.exists(),
  },
  drain: { kind: 'drain', different: {}, run: (bench) => bench.exists() },
  undrain: {
    kind: 'undrain',
    different: {
      beginPassage: async (input) => ({ ...(await goingWell([]).beginPassage(input)), opState: 'draining' }),
    },
    run: (bench) => bench.exists(),
  },
  power: { kind: 'power', different: asked({ action: 'cycle' }), run: (bench) => bench.exists() },
  maintenance: {
    kind: 'maintenance',
    different: asked({
      work: [
        { kind: 'firmware', component: 'BIOS', version: '2.1', file: 'firmware/bios', sha256: 'a'.repeat(64) },
        { kind: 'step', question: 'Swap the riser.', owner: 'hands' },
        { kind: 'reboot' },
      ],
      soakMinutes: 0,
    }),
    async run(bench) {
      await bench.exists();
      await bench.asked();
      await bench.answer('done');
    },
  },
  repair: {
    kind: 'repair',
    different: { ...asked({ fault: 'disk/S1', severity: 'ticket' }) },
    async run(bench) {
      await bench.exists();
      await bench.asked();
      await bench.answer('parts');
      await bench.until((status) => status.humanStep?.choices[0] === 'sent:NUMBER');
      await bench.answer('sent:RMA-7');
      await bench.until((status) => status.humanStep?.choices[0] === 'fitted:SERIAL');
      await bench.answer('fitted:S9');
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
const checkout = new URL('../../', import.meta.url).href;
const [version, ...named] = process.argv.slice(2);
if (
  !version ||
  !/^\d+\.\d+\.\d+$/.test(version) ||
  named.some(
    (name) => ![scenarios, semaphoreScenarios, campaignScenarios, reconcileScenarios].some((kind) => name in kind),
  )
) {
  process.stderr.write('usage: scripts/node test/replay/record.ts VERSION [NAME…], e.g. 0.1.0\n');
  process.exit(2);
}

const cli = await findTemporalCli({ cache: cacheFolder(process.env), path: process.env['PATH'] ?? '' });

async function keep(name: string, workflowId: string): Promise<void> {
  const show = ['workflow', 'show', '--output', 'json', '--address', server.address, '--workflow-id', workflowId];
  const { stdout } = await promisify(execFile)(cli, show, { maxBuffer: 64 * 1024 * 1024 });
  const history: unknown = JSON.parse(stdout);
  // A failure's stack names files of this checkout; where it stands is nobody's business.
  const text = JSON.stringify(history).replaceAll(checkout, '');
  await writeFile(join(folder, `${version}-${name}.json`), `${text}\n`, { flag: 'wx' });
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
    if (named.length > 0 && !named.includes(name)) continue;
    const play = async (bench: Bench): Promise<void> => {
      await scenario.run(bench);
      await bench.passage.result();
      // The machine has taken the passage's end when it waits for its next order.
      await bench.idle();
      await keep(name, bench.passage.workflowId);
      await keep(`${name}-machine`, bench.machine.workflowId);
    };
    await withBench(environment, scenario.different, play, scenario.kind);
  }
  for (const [name, play] of Object.entries(semaphoreScenarios))
    if (named.length === 0 || named.includes(name)) await playSemaphore(environment, play, (id) => keep(name, id));
  for (const name of Object.keys(campaignScenarios))
    if (named.length === 0 || named.includes(name)) await playCampaign(environment, name, (id) => keep(name, id));
  for (const name of Object.keys(reconcileScenarios))
    if (named.length === 0 || named.includes(name)) await playReconcile(environment, name, (id) => keep(name, id));
} finally {
  await environment.teardown();
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
}
