import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bootCounts, machines, nics } from '../../mdb/schema.ts';
import { openPolicyBench, type PolicyBench } from './bench.ts';

let bench: PolicyBench;
beforeAll(async () => {
  bench = await openPolicyBench();
});
afterAll(() => bench?.close());

const boots = (mac: string, answer: string, minutes: number[], requests = 1) =>
  bench.base.mdb.insert(bootCounts).values(
    minutes.map((ago) => {
      const minute = new Date(Date.now() - ago * 60_000);
      return { mac, minute, state: 'healthy', answer, requests, answers: requests, lastAt: minute };
    }),
  );
const finding = async () => {
  const { body } = await bench.ask('GET', '/doctor');
  return body.findings.find(({ name }: { name: string }) => name === 'boot loops');
};

it('O-15: a machine that boots five times in ten minutes is a finding, a metric, and a line of the machine', async () => {
  await boots('52:54:00:00:09:01', 'local', [1, 2, 3, 4]);
  await boots('52:54:00:00:09:02', 'wait', [1, 2, 3], 50);
  await boots('52:54:00:00:09:03', 'local', [20, 30, 40], 5);
  expect(await finding()).toMatchObject({ ok: true });
  await boots('52:54:00:00:09:01', 'local', [5]);
  expect(await finding()).toMatchObject({ ok: false, message: expect.stringMatching(/m-01.*5 times.*10 minutes/) });
  expect(await (await fetch(`${bench.url}/metrics`)).text()).toMatch(/^farrier_machines_boot_looping 1$/m);
  const observed = await bench.ask('GET', '/machines/m-01');
  expect(observed.body.boots).toEqual({ times: 5, minutes: 10 });
  expect(observed.body.status.next).not.toContain('it works');
  expect(await bench.farrier('machine', 'show', 'h1')).toMatch(/5 times in the last 10 minutes/);
  expect((await bench.ask('GET', '/machines/m-02')).body.boots).toEqual({ times: 0, minutes: 10 });
});

it('O-15: counts a machine by all its MACs, and an unknown machine by its own', async () => {
  await bench.base.mdb.insert(nics).values([
    { mac: '52:54:00:00:09:44', machineId: 'm-04' },
    { mac: '52:54:00:00:09:04', machineId: 'm-04' },
  ]);
  await boots('52:54:00:00:09:04', 'local', [1, 2, 3]);
  await boots('52:54:00:00:09:44', 'local', [1, 2]);
  await boots('52:54:00:00:0a:01', 'bootstrap', [1, 2, 3, 4, 5, 6]);
  const { message } = await finding();
  expect(message).toMatch(/m-04/);
  expect(message).toMatch(/52:54:00:00:0a:01/);
  expect((await bench.ask('GET', '/machines/m-04')).body.boots.times).toBe(5);
});

it('O-15: counts a boot within the ten minutes from its second, and not from its minute', async () => {
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000);
  const lastAt = new Date(Date.now() - 10 * 60_000 + 10_000);
  const key = { mac: '52:54:00:00:0a:02', state: 'healthy', answer: 'local', requests: 1, answers: 1 };
  await bench.base.mdb.insert(bootCounts).values({ ...key, minute, lastAt });
  await boots(key.mac, 'local', [2, 4, 6, 8]);
  expect((await finding()).message).toContain(`${key.mac} 5 times`);
});

it('O-15, I-7: a card that another machine once booted from is counted once, and names the machine that has it now', async () => {
  const mac = '52:54:00:00:0b:01';
  const values = { siteId: 'home', mac, stage: 'in_service' as const };
  await bench.base.mdb.insert(machines).values({ ...values, id: 'm-now' });
  await bench.base.mdb.insert(machines).values({ ...values, id: 'm-before', macMovedTo: 'm-now' });
  await bench.base.mdb.insert(nics).values({ mac, machineId: 'm-now' });
  await boots(mac, 'local', [1, 2, 3]);
  expect((await bench.ask('GET', '/machines/m-now')).body.boots.times).toBe(3);
  expect((await finding()).message).not.toContain('m-now');
  expect((await bench.ask('GET', `/machines/${mac}`)).body.machine.id).toBe('m-now');
  const listed = await bench.ask('GET', `/machines?selector=${encodeURIComponent(`mac=${mac}`)}`);
  expect(listed.body.machines.map(({ id }: { id: string }) => id)).toEqual(['m-now']);
  await bench.base.mdb.delete(nics).where(eq(nics.mac, mac));
});
