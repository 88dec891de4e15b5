import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { eq } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { cacheFolder } from '../../host/cache.ts';
import { startTemporal, type Temporal } from '../../host/temporal.ts';
import { findTemporalCli } from '../../host/temporalcli.ts';
import { connectMdb, type MdbConnection } from '../../mdb/connect.ts';
import { audit, machines, permits } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
// Quiets the SDK.
import '../support/temporal.ts';
import { type Dispatcher, startDispatcher } from '../../workers/dispatcher.ts';
import { SemaphoreBench, startWorkers, writeRackMachines } from './bench.ts';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url).pathname;
const cache = cacheFolder(process.env);
const path = process.env['PATH'] ?? '';
const page = await readFile(new URL('../../docs/semaphores.md', import.meta.url), 'utf8');
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] as string);
const cli = await findTemporalCli({ cache, path }).catch(() => null);
if (cli === null) process.stderr.write('skipped: the commands of docs/semaphores.md: there is no temporal CLI\n');

describe.skipIf(cli === null)('semaphores, by hand', () => {
  let folder: string;
  let server: Temporal;
  let environment: TestWorkflowEnvironment;
  let base: ThrowawayMdb;
  let connection: MdbConnection;
  let dispatcher: Dispatcher;
  let workers: Awaited<ReturnType<typeof startWorkers>>;
  let app: Awaited<ReturnType<typeof createPeopleApi>>;
  let origin: string;
  let bench: SemaphoreBench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-semaphores-'));
    server = await startTemporal({ dataFile: null, logFile: join(folder, 'log'), uiPort: null, cache, path });
    environment = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address });
    base = await throwawayMdb();
    await writeSite(base.mdb);
    await writeRackMachines(base.mdb, 'A01', 6);
    for (let unit = 1; unit <= 6; unit += 1)
      await base.mdb
        .update(machines)
        .set({ rackId: 'A01', unit, hostname: `a01-u0${unit}` })
        .where(eq(machines.id, `m-A01-${unit}`));
    workers = await startWorkers(environment, base.mdb);
    connection = connectMdb({ url: base.url, name: 'dispatch' });
    dispatcher = startDispatcher({ client: environment.client, connection, log: { warn() {} } });
    const authority = await openAuthority(join(folder, 'authority'));
    const log = pino({ level: 'silent' });
    app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
    bench = new SemaphoreBench(environment, base.mdb, 'A01');
    await bench.allow(1);
  });
  afterAll(async () => {
    await bench?.end();
    await app?.close();
    await dispatcher?.stop();
    await connection?.close();
    await workers?.stop();
    await environment?.teardown();
    await server?.stop();
    await base?.close();
    await rm(folder, { recursive: true, force: true });
  });

  interface Ran {
    readonly code: number;
    readonly out: string;
  }

  /** Runs the CLI as a process of its own; what it says on either stream. */
  function farrier(...args: string[]): Promise<Ran> {
    const env = { PATH: path, FARRIER_API: origin };
    return new Promise((resolve) => {
      execFile(process.execPath, [join(root, 'cli/main.ts'), ...args], { env }, (error, out, said) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: out + said }),
      );
    });
  }

  const state = async (id: string) => (await base.mdb.select().from(permits).where(eq(permits.id, id)))[0];

  test('each command of the page does what it says', async () => {
    const holder = await bench.ask();
    await bench.granted(holder);
    const waiter = await bench.ask();
    await bench.queued(waiter);
    const permit = (await bench.status()).holders[0]?.id ?? '';
    const done = new Set<string>();
    const ask = async (part: string) => {
      const command = commands.find((one) => one.includes(part));
      if (!command) throw new Error(`docs/semaphores.md has no command with ${part}`);
      done.add(command);
      const text = command.replaceAll('PERMIT', permit).replaceAll('MACHINE', 'm-A01-6');
      const env = { ...process.env, PATH: `${dirname(cli as string)}:${path}`, TEMPORAL_ADDRESS: server.address };
      return (await run('sh', ['-c', text], { env, timeout: 240_000 })).stdout;
    };
    // Visibility follows a moment after the workflow.
    await expect.poll(() => ask('WaitingOn="permit"')).toContain('rack=A01');
    expect(await ask('ExecutionStatus="Running"')).toContain('semaphore/reboot/fleet=all');
    expect(await ask('--type status')).toContain('m-A01-2');
    expect(await ask('workflow metadata')).toContain('1 of 1 permits held');
    expect(await ask('--name acquire')).toContain('queued');
    await ask('--name renew');
    await ask('--name wake');
    await ask('--name release');
    await expect.poll(async () => (await state('by-hand-1'))?.how).toBe('released');
    expect(await ask('--name evict')).toContain('taken away');
    await bench.granted(waiter);
    expect(await state(permit)).toMatchObject({ how: 'evicted', by: 'ann' });
    expect(commands.filter((command) => !done.has(command))).toEqual([]);
    await holder.signal('done');
    await waiter.signal('done');
    await Promise.all([holder.result(), waiter.result()]);
  });

  test('farrier semaphore lists, shows, resizes and evicts, and each change is audited', async () => {
    const holder = await bench.ask({ machine: 3 });
    await bench.granted(holder);
    const waiter = await bench.ask({ machine: 4 });
    await bench.queued(waiter);
    const last = await bench.ask({ machine: 5 });
    await bench.queued(last);
    expect((await farrier('semaphore', 'ls')).out).toMatch(
      /^reboot\/rack=A01 +1 +1 +2 +- +\w+ +all permits are held, of 1$/m,
    );
    const observed = (await farrier('semaphore', 'show', 'reboot/rack=A01')).out;
    expect(observed).toMatch(/a01-u03 +maintenance +\d+ /);
    expect(observed).toContain('1 at once');
    expect(await farrier('semaphore', 'resize', 'reboot/rack=A01', '2', '--reason', 'two PDUs')).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 at once'),
    });
    await bench.granted(waiter);
    const [first] = (await bench.status()).holders;
    const evicted = await farrier('semaphore', 'evict', first?.id ?? '', '--reason', 'it is up');
    expect(evicted).toMatchObject({ code: 0 });
    await bench.granted(last);
    expect(await farrier('semaphore', 'evict', 'nobody', '--reason', 'x')).toMatchObject({
      code: 8,
      out: 'farrier: there is no permit nobody\n',
    });
    for (const wrong of ['reboot', 'reboot/rack', '../x=y', 'reboot/rack=a/b'])
      expect((await farrier('semaphore', 'resize', wrong, '1', '--reason', 'x')).code).toBe(1);
    expect((await farrier('semaphore', 'resize', 'reboot/rack=A01', 'many', '--reason', 'x')).code).toBe(2);
    const actions = (await base.mdb.select().from(audit)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['semaphore.resize', 'semaphore.evict', 'permit.evicted']));
    for (const handle of [holder, waiter, last]) await handle.signal('done');
    await Promise.all([holder, waiter, last].map((handle) => handle.result()));
    await expect.poll(async () => (await bench.status()).holders).toEqual([]);
  });

  test('farrier disruption is answered from the same permits, by exit codes', async () => {
    expect(await farrier('semaphore', 'resize', 'reboot/rack=A01', '1', '--reason', 'one again')).toMatchObject({
      code: 0,
    });
    const asked = (request: string, machine: string) => farrier('disruption', request, machine);
    const settles = (machine: string, code: number) =>
      expect.poll(async () => (await asked('check', machine)).code).toBe(code);
    expect(await asked('check', 'a01-u01')).toEqual({ code: 2, out: 'denied\n' });
    expect((await asked('request', 'a01-u01')).code).toBe(1);
    await settles('a01-u01', 0);
    expect(await asked('request', 'a01-u01')).toEqual({ code: 0, out: 'permitted\n' });
    expect((await asked('request', 'a01-u02')).code).toBe(1);
    // A repair waits for the update to end, and the other way round.
    const repair = await bench.ask({ machine: 3 });
    await bench.queued(repair);
    expect((await asked('check', 'a01-u02')).code).toBe(1);
    expect((await asked('cancel', 'a01-u01')).code).toBe(2);
    expect((await asked('check', 'a01-u01')).code).toBe(2);
    await settles('a01-u02', 0);
    expect((await asked('cancel', 'a01-u02')).code).toBe(2);
    await bench.granted(repair);
    expect((await asked('request', 'a01-u02')).code).toBe(1);
    await repair.signal('done');
    await settles('a01-u02', 0);
    expect((await asked('cancel', 'a01-u02')).code).toBe(2);
    // The Dominator's own protocol, with more of its record than is read.
    const MDB = { Hostname: 'a01-u02', RequiredImage: 'compute-1', Tags: { DisruptionManagerGroupIdentifier: 'x' } };
    const body = JSON.stringify({ MDB, Request: 'check' });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${origin}/api/v1/request`, { method: 'POST', headers, body });
    expect([response.status, await response.json()]).toEqual([200, { Response: 'denied' }]);
    // Neither an answer nor silence: an error, which subd tries again.
    expect(await asked('request', 'nobody')).toEqual({ code: 3, out: 'farrier: there is no machine nobody\n' });
  });
});
