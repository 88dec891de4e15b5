import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, describe as suite } from 'vitest';
import type { Directive } from '../../domain/directive.ts';
import {
  audit,
  bmcs,
  bootTokens,
  burninParts,
  burnins,
  cpus,
  dimms,
  disks,
  expectedBmcs,
  machines,
  nics,
  outbox,
  steps,
} from '../../mdb/schema.ts';
import { withClockStopped } from '../support/clock.ts';
import { writeSite } from '../support/site.ts';
import {
  type AgentServer,
  type Born,
  bear,
  describe,
  giveToken,
  greeting,
  open,
  recordLine,
  startAgentServer,
} from './agents.ts';

let server: AgentServer;

beforeAll(async () => {
  server = await startAgentServer();
  await writeSite(server.mdb, { policy: { imageSystem: 'dominator' } });
});
afterAll(() => server?.close());

const machineOf = async (born: Born) =>
  (await server.mdb.select().from(machines).where(eq(machines.id, born.machineId)))[0];
const toldOf = (born: Born) =>
  server.mdb.select().from(outbox).where(eq(outbox.machineId, born.machineId)).orderBy(outbox.id);
const stepOf = async (born: Born, name: string) =>
  (
    await server.mdb
      .select()
      .from(steps)
      .where(and(eq(steps.orderId, born.orderId), eq(steps.name, name)))
  )[0];
const direct = (born: Born, directive: Directive) =>
  server.mdb
    .update(machines)
    .set({ directive })
    .where(eq(machines.id, born.machineId))
    .returning({ seq: machines.directiveSeq });

const install = (born: Born, mark: string): Directive => ({
  do: 'install',
  image: 'compute-1',
  imageKind: 'compute',
  imagePath: 'os/compute-1.tar.gz',
  bytes: 1024,
  sha256: 'ab'.repeat(32),
  signature: 'c2ln',
  hostname: 'a01-01',
  address: '10.1.1.1/16',
  gateway: '10.1.0.1',
  dns: ['10.1.0.1'],
  mark,
  disk: `D-${born.machineId}`,
  layout: { bootMib: 256, rootMib: 'rest', kernel: 'bootstrap' },
  boot: { kernel: 'cd'.repeat(32), initrd: 'ef'.repeat(32) },
  imageSystem: 'dominator',
});

suite('a boot token', () => {
  it('opens one session, however many ask at once (A6)', async () => {
    const born = await bear(server.mdb);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => server.ask('POST', '/agent/hello', born.token, greeting)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
    const refused = await server.mdb.select().from(audit).where(eq(audit.machineId, born.machineId));
    expect(refused.map(({ action }) => action)).toContain('agent.token-refused');
    expect(await machineOf(born)).toMatchObject({ firmware: 'uefi', bootId: '3f0f5c60-0000-4000-8000-000000000001' });
  });

  it('is refused after use, after expiry, when unknown and when it is not one (A5, A9)', async () => {
    const born = await bear(server.mdb);
    await open(server, born);
    expect(await server.ask('POST', '/agent/hello', born.token, greeting)).toMatchObject({ status: 409 });
    const expired = await giveToken(server.mdb, born.machineId, born.orderId, -1);
    expect(await server.ask('POST', '/agent/hello', expired, greeting)).toMatchObject({ status: 401 });
    expect(await server.ask('POST', '/agent/hello', 'A'.repeat(43), greeting)).toMatchObject({ status: 401 });
    expect(await server.ask('POST', '/agent/hello', "' or 1=1", greeting)).toMatchObject({ status: 401 });
    expect(await server.ask('POST', '/agent/hello', null, greeting)).toMatchObject({ status: 401 });
    expect(
      await server.ask('POST', '/agent/step', born.token, recordLine('step', { name: 'clock', state: 'done' })),
    ).toMatchObject({ status: 401 });
  });

  it('of a later boot ends the session of the earlier one', async () => {
    const born = await bear(server.mdb);
    const first = await open(server, born);
    const token = await giveToken(server.mdb, born.machineId, born.orderId);
    const second = await open(server, { ...born, token });
    expect(await server.ask('GET', '/agent/next?wait=0', first)).toMatchObject({ status: 401 });
    expect(await server.ask('GET', '/agent/next?wait=0', second)).toMatchObject({ status: 200 });
  });

  it('is not spent by a malformed hello, and never logged', async () => {
    const born = await bear(server.mdb);
    expect(
      await server.ask('POST', '/agent/hello', born.token, 'agent version=2 firmware=uefi boot=12345678\n'),
    ).toMatchObject({ status: 400 });
    const session = await open(server, born);
    await server.ask('POST', '/agent/step', session, 'nonsense');
    const log = server.logged.join('');
    expect(log).not.toContain(born.token);
    expect(log).not.toContain(session);
  });

  it('spent by a reboot, takes the reboot directive with it', async () => {
    const born = await bear(server.mdb);
    await direct(born, { do: 'reboot' });
    const session = await open(server, born);
    const { records } = await server.ask('GET', '/agent/next?seq=0&wait=0', session);
    expect(records[0]?.fields).toMatchObject({ do: 'wait' });
  });
});

suite('a body', () => {
  it('is bounded before it is parsed, and must be records (A18)', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const post = (body: string) => server.ask('POST', '/agent/step', session, body);
    expect(await post(`step name=${'a'.repeat(70_000)}\n`)).toMatchObject({ status: 413 });
    expect(await post('['.repeat(10_000))).toMatchObject({ status: 400 });
    expect(await post('{"__proto__":{"x":1}}')).toMatchObject({ status: 400 });
    expect(await post('step name=clock state=done __proto__=1\n')).toMatchObject({ status: 400 });
    expect(await post('step name=clock state=done name=disk\n')).toMatchObject({
      status: 400,
      reason: 'line 1: name is given twice',
    });
    expect(await post('step name=%ff state=done\n')).toMatchObject({ status: 400 });
    expect(await post('step name=format state=done\n')).toMatchObject({
      status: 400,
      reason: 'step: name is not a step of the agent',
    });
    expect(await post('')).toMatchObject({ status: 400, reason: 'there must be one step record, not 0' });
    expect(await post('step name=clock state=done constructor=1\n')).toMatchObject({ status: 200 });
  });
});

suite('an inventory', () => {
  it('is kept, normalised, and told once', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    for (const _ of [1, 2]) {
      expect(await server.ask('POST', '/agent/inventory', session, describe(born))).toMatchObject({ status: 200 });
    }
    expect(await machineOf(born)).toMatchObject({ vendor: 'Acme', boardSerial: null, memoryMib: 65536, held: null });
    const [nic] = await server.mdb.select().from(nics).where(eq(nics.mac, born.mac));
    expect(nic).toMatchObject({ neighbourChassis: '52:54:00:ff:00:01', neighbourPort: 'swp1', speedMbps: 25000 });
    expect(await server.mdb.select().from(cpus).where(eq(cpus.machineId, born.machineId))).toHaveLength(1);
    expect((await toldOf(born)).map(({ kind, payload }) => [kind, payload['kind']])).toEqual([['report', 'inventory']]);
  });

  it('keeps every disk ever seen, absent ones as such', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    await server.ask('POST', '/agent/inventory', session, describe(born));
    const other = recordLine('disk', { name: 'sda', serial: `E-${born.machineId}`, bytes: 1000, content: 'ext4' });
    const nameless = recordLine('disk', { name: 'vdb', serial: '00000000', bytes: 1000 });
    await server.ask('POST', '/agent/inventory', session, describe(born, { disk: other + nameless }));
    const rows = await server.mdb.select().from(disks).where(eq(disks.machineId, born.machineId)).orderBy(disks.serial);
    expect(rows.map(({ serial, present, content }) => [serial, present, content])).toEqual([
      [`D-${born.machineId}`, false, 'blank'],
      [`E-${born.machineId}`, true, 'ext4'],
      ['no-serial:vdb', true, 'unknown'],
    ]);
  });

  it('takes machines as they are: slots of one name, a card reader without a card, InfiniBand, empty fields', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const ib = `nic name=ib0 mac=${'80:'.repeat(19)}01\n`;
    const body = describe(born, {
      dimm:
        recordLine('dimm', { slot: 'DIMM 0', mib: 16 }) + recordLine('dimm', { slot: 'DIMM 0', mib: 16, serial: '' }),
      reader: recordLine('disk', { name: 'sdb', bytes: 0 }),
      ib,
      tpm: recordLine('tpm', { version: 2, pcr0: '' }),
    });
    expect(await server.ask('POST', '/agent/inventory', session, body)).toMatchObject({ status: 200 });
    const rows = await server.mdb.select().from(dimms).where(eq(dimms.machineId, born.machineId));
    expect(rows.map(({ slot }) => slot).sort()).toEqual(['DIMM 0', 'DIMM 0 #2']);
  });

  it('claims the controller that was announced for its MAC', async () => {
    const born = await bear(server.mdb);
    await server.mdb
      .insert(expectedBmcs)
      .values({ origin: 'https://10.9.0.9', siteId: 'home', mac: born.mac, secretRef: 'a9' });
    const session = await open(server, born);
    const bmc = recordLine('bmc', { address: '10.9.0.9', mac: '52:54:00:bb:00:09' });
    expect(await server.ask('POST', '/agent/inventory', session, describe(born, { bmc }))).toMatchObject({
      status: 200,
    });
    const [row] = await server.mdb.select().from(bmcs).where(eq(bmcs.machineId, born.machineId));
    expect(row).toMatchObject({ origin: 'https://10.9.0.9', mac: '52:54:00:bb:00:09', secretRef: 'a9' });
    expect(await server.mdb.select().from(expectedBmcs).where(eq(expectedBmcs.secretRef, 'a9'))).toEqual([]);
  });

  const nonsense: [string, (born: Born) => Record<string, string>, string][] = [
    ['no CPU', () => ({ cpu: '' }), 'there is no cpu record'],
    ['zero cores', () => ({ cpu: recordLine('cpu', { socket: 0, cores: 0, threads: 1 }) }), 'cpu 1: cores is below 1'],
    ['no memory', () => ({ memory: recordLine('memory', { mib: 0 }) }), 'memory: mib is below 1'],
    [
      'not its own MAC',
      () => ({ nic: recordLine('nic', { name: 'eth0', mac: '52:54:00:99:99:99' }) }),
      'with which the machine booted',
    ],
    ['no system', () => ({ system: '' }), 'there must be one system record'],
  ];
  it.each(nonsense)('with %s is refused, held and told', async (_what, change, reason) => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const answer = await server.ask('POST', '/agent/inventory', session, describe(born, { lldp: '', ...change(born) }));
    expect(answer.status).toBe(400);
    expect(answer.reason).toContain(reason);
    expect((await machineOf(born))?.held).toBe(`inventory: ${answer.reason}`);
    expect((await toldOf(born)).map(({ payload }) => payload)).toMatchObject([
      { kind: 'failed', step: 'inventory', message: answer.reason },
    ]);
    expect(await stepOf(born, 'inventory')).toMatchObject({ state: 'failed', source: 'agent' });
    expect(await server.ask('POST', '/agent/inventory', session, describe(born))).toMatchObject({ status: 200 });
    expect((await machineOf(born))?.held).toBeNull();
  });

  it('with a card over USB that every machine of its kind has is taken without that card (quirk 61)', async () => {
    const usb = recordLine('nic', { name: 'usb0', mac: '0a:ca:fe:f0:0d:04' });
    for (let round = 0; round < 2; round += 1) {
      const born = await bear(server.mdb);
      const nic = recordLine('nic', { name: 'eth0', mac: born.mac }) + usb;
      const session = await open(server, born);
      expect(await server.ask('POST', '/agent/inventory', session, describe(born, { nic }))).toMatchObject({
        status: 200,
      });
    }
  });

  it('of twins that show one card at the same time is taken from both, and one has the card', async () => {
    const twins = [await bear(server.mdb), await bear(server.mdb)] as const;
    const shared = recordLine('nic', { name: 'eth1', mac: 'b0:26:28:77:00:01' });
    const answers = await Promise.all(
      twins.map(async (born) =>
        server.ask('POST', '/agent/inventory', await open(server, born), describe(born, { shared, lldp: '' })),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await server.mdb.select().from(nics).where(eq(nics.mac, 'b0:26:28:77:00:01'))).toHaveLength(1);
  });
});

suite('a step', () => {
  it('rises its attempt when it runs anew, and only then', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const report = (name: string, state: string, more = {}) =>
      server.ask('POST', '/agent/step', session, recordLine('step', { name, state, ...more }));
    await report('partition', 'running');
    await report('partition', 'running');
    expect(await stepOf(born, 'partition')).toMatchObject({ attempt: 1, state: 'running', owner: 'agent', ordinal: 8 });
    await report('partition', 'failed', { device: 'sda (serial X1)', message: 'no space', seconds: 2.5 });
    await report('partition', 'failed', { device: 'sda (serial X1)', message: 'no space', seconds: 2.5 });
    expect(await stepOf(born, 'partition')).toMatchObject({
      attempt: 1,
      state: 'failed',
      detail: { device: 'sda (serial X1)', seconds: 2.5 },
    });
    expect((await toldOf(born)).map(({ payload }) => payload)).toMatchObject([
      { kind: 'failed', step: 'partition', message: 'sda (serial X1): no space' },
    ]);
    await report('partition', 'running');
    await report('partition', 'done');
    expect(await stepOf(born, 'partition')).toMatchObject({ attempt: 2, state: 'done' });
    await report('burnin', 'failed', { device: 'sda' });
    expect(await toldOf(born)).toHaveLength(1);
  });

  it('of a later boot is a new attempt', async () => {
    const born = await bear(server.mdb);
    await server.ask(
      'POST',
      '/agent/step',
      await open(server, born),
      recordLine('step', { name: 'clock', state: 'running' }),
    );
    const token = await giveToken(server.mdb, born.machineId, born.orderId);
    const session = await open(server, { ...born, token });
    await server.ask('POST', '/agent/step', session, recordLine('step', { name: 'clock', state: 'running' }));
    await server.ask('POST', '/agent/step', session, recordLine('step', { name: 'clock', state: 'done' }));
    expect(await stepOf(born, 'clock')).toMatchObject({ attempt: 2, state: 'done' });
  });
});

suite('waiting for a directive', () => {
  it('ends at once when it changes, and not before', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const waited = server.ask('GET', '/agent/next?seq=0&wait=25', session);
    expect(await Promise.race([waited.then(() => 'answered'), delay(300, 'waiting')])).toBe('waiting');
    await direct(born, { do: 'hold', reason: 'nobody is sure: 100% "yes"' });
    const { records } = await waited;
    expect(records[0]).toMatchObject({
      kind: 'directive',
      fields: { seq: '1', do: 'hold', reason: 'nobody is sure: 100% "yes"' },
    });
  });

  it('answers the standing one when the time is over', async () => {
    const born = await bear(server.mdb);
    const { records } = await server.ask('GET', '/agent/next?seq=0&wait=1', await open(server, born));
    expect(records[0]?.fields).toMatchObject({ seq: '0', do: 'wait' });
  });

  it('survives the loss of the listening connection', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const waited = server.ask('GET', '/agent/next?seq=0&wait=25', session);
    await delay(100);
    await server.mdb.execute(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%listening'",
    );
    await direct(born, { do: 'reboot' });
    expect((await waited).records[0]?.fields).toMatchObject({ do: 'reboot' });
  });

  it('says what to install, field by field', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    await direct(born, install(born, (await machineOf(born))?.mark ?? ''));
    const { records } = await server.ask('GET', '/agent/next?seq=0&wait=0', session);
    expect(records[0]?.fields).toMatchObject({
      do: 'install',
      path: 'os/compute-1.tar.gz',
      dns: '10.1.0.1',
      boot_mib: '256',
      root_mib: 'rest',
      kernel_sha256: 'cd'.repeat(32),
      initrd_sha256: 'ef'.repeat(32),
      system: 'dominator',
    });
    expect(await server.ask('GET', '/agent/next?seq=x', session)).toMatchObject({ status: 400 });
  });
});

suite('burn-in', () => {
  it('keeps parts and cut, and is told once', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const part = recordLine('part', {
      kind: 'benchmark',
      subject: 'disk',
      device: 'sda',
      ok: 1,
      value: '512.5',
      unit: 'MB/s',
      seconds: 5,
    });
    const post = (body: string) => server.ask('POST', '/agent/burnin', session, body);
    expect(await post(part)).toMatchObject({ status: 409, reason: 'no burn-in was ordered' });
    await server.mdb
      .insert(burnins)
      .values({ id: `b-${born.machineId}`, machineId: born.machineId, orderId: born.orderId });
    await direct(born, { do: 'burnin', burninId: `b-${born.machineId}`, stressSeconds: 1, capSeconds: 60 });
    expect(await server.ask('POST', '/agent/progress', session, recordLine('progress', { percent: 40 }))).toMatchObject(
      {
        status: 200,
      },
    );
    expect(
      await server.ask('POST', '/agent/progress', session, recordLine('progress', { percent: 400 })),
    ).toMatchObject({
      status: 400,
    });
    expect(await post(part + part)).toMatchObject({ status: 400 });
    for (const _ of [1, 2])
      expect(await post(part + recordLine('burnin', { seconds: 60, cut: 1 }))).toMatchObject({ status: 200 });
    await direct(born, { do: 'wait' });
    expect(await post(part + recordLine('burnin', { seconds: 60, cut: 1 }))).toMatchObject({ status: 200 });
    const [burnin] = await server.mdb.select().from(burnins).where(eq(burnins.orderId, born.orderId));
    expect(burnin).toMatchObject({ progress: 40, cut: true, verdict: null });
    expect(
      await server.mdb
        .select()
        .from(burninParts)
        .where(eq(burninParts.burninId, burnin?.id ?? '')),
    ).toMatchObject([{ value: 512.5, unit: 'MB/s' }]);
    expect((await toldOf(born)).map(({ payload }) => payload['kind'])).toEqual(['burnin']);
  });
});

suite('an installation', () => {
  it('gets credentials, reports, and is ready once', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    await server.ask('POST', '/agent/inventory', session, describe(born));
    expect(await server.ask('GET', '/agent/credentials', session)).toMatchObject({ status: 409 });
    const mark = (await machineOf(born))?.mark ?? '';
    await server.mdb
      .update(machines)
      .set({ hostname: 'a01-01', address: '10.1.1.1', requiredImage: 'compute-1' })
      .where(eq(machines.id, born.machineId));
    await direct(born, install(born, mark));
    const first = await server.ask('GET', '/agent/credentials', session);
    expect(first.records[1]?.fields).toMatchObject({
      ca: server.caPem,
      cert: expect.stringContaining('BEGIN CERTIFICATE'),
      key: expect.stringContaining('PRIVATE KEY'),
      path: 'boot/subd',
      bytes: '15',
      sha256: createHash('sha256').update('not really subd').digest('hex'),
    });
    const second = await server.ask('GET', '/agent/credentials', session);
    const [lost, token] = [first, second].map(({ records }) => records[0]?.fields['token'] ?? '') as [string, string];

    const report = {
      image: 'compute-1',
      sha256: 'ab'.repeat(32),
      mark,
      keystore: 'nvram',
      key: 'SHA256:abc',
      disk: `D-${born.machineId}`,
    };
    const post = (change: Record<string, string> = {}) =>
      server.ask('POST', '/agent/installed', session, recordLine('installed', { ...report, ...change }));
    expect(await post({ sha256: 'cd'.repeat(32) })).toMatchObject({
      status: 409,
      reason: 'the SHA-256 is not that of the image',
    });
    expect(await post({ disk: 'other' })).toMatchObject({ status: 409 });
    expect(await post()).toMatchObject({ status: 200 });
    await direct(born, {
      do: 'handover',
      hostname: 'a01-01',
      address: '10.1.1.1/16',
      imageSystem: 'dominator',
      how: 'in-place',
    });
    expect(await post()).toMatchObject({ status: 200 });
    expect(await machineOf(born)).toMatchObject({ keyStore: 'nvram', keyFingerprint: 'SHA256:abc' });
    expect(await server.mdb.select().from(disks).where(eq(disks.machineId, born.machineId))).toMatchObject([
      { content: 'farrier', mark },
    ]);

    const ready = recordLine('ready', {
      boot: 'bbbbbbbb-0000',
      hostname: 'a01-01',
      address: '10.1.1.1',
      image: 'compute-1',
      mark,
    });
    expect(await server.ask('POST', '/agent/ready', lost, ready)).toMatchObject({ status: 401 });
    expect(await server.ask('POST', '/agent/ready', session, ready)).toMatchObject({ status: 401 });
    for (const _ of [1, 2])
      expect(await server.ask('POST', '/agent/ready', token, ready)).toMatchObject({ status: 200 });
    expect(await machineOf(born)).toMatchObject({ bootId: 'bbbbbbbb-0000', observedImage: 'compute-1' });
    const reported = await toldOf(born);
    expect(reported.map(({ payload }) => payload['kind'])).toEqual(['inventory', 'installed', 'ready']);
    expect(reported[2]?.payload).not.toHaveProperty('message');
    expect(reported[2]?.orderId).toBe(born.orderId);
  });

  it('that disagrees with the MDB says so', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const mark = (await machineOf(born))?.mark ?? '';
    await server.mdb
      .update(machines)
      .set({ hostname: 'a01-02', address: '10.1.1.2', requiredImage: 'compute-1' })
      .where(eq(machines.id, born.machineId));
    await direct(born, install(born, mark));
    const { records } = await server.ask('GET', '/agent/credentials', session);
    const ready = recordLine('ready', {
      boot: 'bbbbbbbb-0000',
      hostname: 'other',
      address: '10.1.1.2',
      image: 'compute-1',
      mark,
    });
    await server.ask('POST', '/agent/ready', records[0]?.fields['token'] ?? '', ready);
    expect((await toldOf(born))[0]?.payload).toMatchObject({
      kind: 'ready',
      message: 'hostname is other, the MDB says a01-02',
    });
  });
});

suite('limits and outages', () => {
  it('slows a token that has gone wild', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const statuses = new Map<number, number>();
    await withClockStopped(async () => {
      for (let batch = 0; batch < 8; batch++) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, () => server.ask('GET', '/agent/next?wait=0', session)),
        );
        for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    });
    expect(statuses.get(200)).toBeGreaterThanOrEqual(200);
    expect(statuses.get(429)).toBeGreaterThan(0);
  });

  it('wakes the one poller that is meant among many', async () => {
    const born = await bear(server.mdb);
    const session = await open(server, born);
    const others: Promise<unknown>[] = [];
    for (let index = 0; index < 20; index++) {
      const other = await open(server, await bear(server.mdb));
      for (let poll = 0; poll < 10; poll++) others.push(server.ask('GET', '/agent/next?seq=0&wait=3', other));
    }
    const waited = server.ask('GET', '/agent/next?seq=0&wait=20', session);
    await delay(50);
    await direct(born, { do: 'reboot' });
    expect((await waited).records[0]?.fields).toMatchObject({ do: 'reboot' });
    await Promise.all(others);
  });

  it('answers 503 with a reason while the MDB is away', async () => {
    const lonely = await startAgentServer();
    try {
      await writeSite(lonely.mdb);
      const born = await bear(lonely.mdb);
      const pool = (lonely.mdb as unknown as { $client: { take: unknown; query: unknown; list: unknown } }).$client;
      const down = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
      const { query, list, take } = pool;
      Object.assign(pool, { query: down, list: down, take: down });
      expect(await lonely.ask('POST', '/agent/hello', born.token, greeting)).toMatchObject({
        status: 503,
        reason: 'the MDB cannot be reached now; ask again',
      });
      Object.assign(pool, { query, list, take });
      expect(await lonely.ask('POST', '/agent/hello', born.token, greeting)).toMatchObject({ status: 200 });
      expect(await lonely.mdb.select().from(bootTokens)).toHaveLength(1);
    } finally {
      await lonely.close();
    }
  });
});
