import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../host/cache.ts';
import { startTemporal, type Temporal } from '../../host/temporal.ts';
import { findTemporalCli } from '../../host/temporalcli.ts';
// Quiets the SDK.
import '../support/temporal.ts';
import { type Bench, type Doubles, withBench } from './bench.ts';

const run = promisify(execFile);
const cache = cacheFolder(process.env);
const path = process.env['PATH'] ?? '';
const page = await readFile(new URL('../../docs/temporal.md', import.meta.url), 'utf8');
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] as string);
const cli = await findTemporalCli({ cache, path }).catch(() => null);
if (cli === null) process.stderr.write('skipped: the commands of docs/temporal.md: there is no temporal CLI\n');

describe.skipIf(cli === null)('the commands of docs/temporal.md', () => {
  let folder: string;
  let server: Temporal;
  let environment: TestWorkflowEnvironment;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-commands-'));
    server = await startTemporal({ dataFile: null, logFile: join(folder, 'log'), uiPort: null, cache, path });
    environment = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
  });
  afterAll(async () => {
    await environment?.teardown();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** What a command prints; its failure shows what it said. */
  async function say(command: string, bench: Bench): Promise<string> {
    const text = command.replaceAll('MACHINE', bench.machineId).replaceAll('ORDER', bench.orderId);
    const env = {
      ...process.env,
      PATH: `${dirname(cli as string)}:${process.env['PATH']}`,
      TEMPORAL_ADDRESS: server.address,
    };
    const { stdout } = await run('sh', ['-c', text], { env, timeout: 240_000 });
    return stdout;
  }

  const documented = (part: string) => {
    const found = commands.find((command) => command.includes(part));
    if (!found) throw new Error(`docs/temporal.md has no command with ${part}`);
    return found;
  };

  test('each does what the page says', async () => {
    const question = {
      question: {
        fault: 'register/no-neighbour',
        reason: 'No switch was heard.',
        choices: ['retry', 'place:RACK/UNIT', 'abandon'],
      },
    };
    let answered = '';
    const register = async (input: { answer?: { answer: string } }) => {
      if (!input.answer) return question;
      answered = input.answer.answer;
      return {
        registered: {
          hostname: 'a02-u07',
          address: '10.1.0.7',
          rack: 'A02',
          unit: 7,
          pool: 'general',
          sku: null,
          controller: false,
        },
      };
    };
    const payloads: string[] = [];
    const orderByPayload: Doubles['orderByPayload'] = async ({ order }) => {
      payloads.push(order.passageRequest.passage);
      return null;
    };
    await withBench(environment, { register, orderByPayload }, async (bench) => {
      const done = new Set<string>();
      const ask = async (part: string) => {
        const command = documented(part);
        done.add(command);
        return say(command, bench);
      };
      await bench.report('inventory');
      await bench.asked();

      // Visibility follows a moment after the workflow.
      await expect.poll(() => ask('WaitingOn="person"')).toContain(bench.orderId);
      expect(await ask(`'WorkflowType="machine"'`)).toContain(`machine/${bench.machineId}`);
      expect(await ask('Machine="MACHINE" and')).toContain(bench.orderId);
      expect(await ask('WorkflowType="birth"')).toContain('Total: 1');
      expect(await ask('workflow describe')).toContain(bench.machineId);
      expect(await ask('workflow metadata')).toContain('No switch was heard.');
      expect(await ask('workflow show')).toContain('WorkflowExecutionStarted');
      expect(await ask(`birth/ORDER' --type status`)).toContain(`${bench.orderId}:register:1`);
      expect(await ask(`MACHINE' --type status`)).toContain(bench.orderId);

      await ask('--name pause');
      await bench.until((status) => status.paused);
      await ask('--name resume');
      await bench.until((status) => !status.paused);
      await ask("signal --workflow-id 'machine/MACHINE' --name answer");
      await bench.standsAt('profile');
      expect(answered).toBe('place:A02/7');

      await ask('"reason": "lunch"');
      await bench.until((status) => status.paused);
      await ask('--name resume');
      await bench.until((status) => !status.paused);
      const update = (name: string) => ask(`update execute --workflow-id 'machine/MACHINE' --name ${name}`);
      expect(await update('pause')).toContain(`passed on: pause of ${bench.orderId}, which runs`);
      await bench.until((status) => status.paused);
      expect(await update('resume')).toContain('passed on: resume of');
      await bench.until((status) => !status.paused);
      expect(await update('takeover')).toContain('passed on: takeover of');
      await bench.asked();
      expect(await ask("birth/ORDER' --name answer")).toContain('taken: hand-back');
      await bench.until((status) => status.takenOver === null && status.humanStep === null);

      await ask('--name takeover');
      expect(await bench.asked()).toMatchObject({ takenOver: 'ann' });
      await ask('--name resume');
      await bench.until((status) => status.takenOver === null && status.humanStep === null);

      await ask("signal --workflow-id 'machine/MACHINE' --name brainslug");
      await expect.poll(() => payloads).toEqual(['reboot']);
      expect(await ask("update execute --workflow-id 'machine/MACHINE' --name brainslug")).toContain('ordered: ');

      await ask("signal --workflow-id 'machine/MACHINE' --name order");
      expect(await ask("update execute --workflow-id 'machine/MACHINE' --name order")).toContain(
        'taken before: clean-1',
      );
      expect(await update('cancel')).toContain('cancelled: clean-1, which waited');
      await ask('--name cancel');
      expect(await bench.passage.result()).toMatchObject({
        outcome: 'cancelled',
        note: 'cancelled by ann: wrong machine',
      });
      expect(commands.filter((command) => !done.has(command))).toEqual([]);
    });
  });
});
