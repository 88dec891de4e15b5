import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { orders, plans } from '../../mdb/schema.ts';
import { openPolicyBench, type PolicyBench } from './bench.ts';

let bench: PolicyBench;
let rehearsing = true;
/** Rehearses what is ordered, as the machines' workflows do. */
async function rehearse(): Promise<void> {
  while (rehearsing) {
    const rows = await bench.base.mdb.select().from(orders).where(eq(orders.state, 'waiting'));
    for (const { id, machineId, dryRun, passage } of rows) {
      if (!dryRun || machineId === 'm-05') continue;
      const sick = machineId === 'm-04';
      const lines = [{ step: 'drain', does: `take semaphore/${passage}/fleet=all` }];
      if (!sick) await bench.base.mdb.insert(plans).values({ orderId: id, hash: hashOf(machineId), lines });
      const end = sick ? { state: 'failed' as const, outcome: 'refused: it is sick' } : { state: 'done' as const };
      await bench.base.mdb.update(orders).set(end).where(eq(orders.id, id));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const hashOf = (machineId: string) => machineId.slice(-1).repeat(64);
let loop: Promise<void>;
beforeAll(async () => {
  bench = await openPolicyBench();
  loop = rehearse();
});
afterEach(() => {
  process.exitCode = 0;
});
afterAll(async () => {
  rehearsing = false;
  await loop;
  await bench?.close();
});

const all: [string, string[]][] = [
  ['reboot', ['reboot', 'h1', '--no-drain', '--after', 'draining']],
  ['drain', ['drain', 'h1', '--by', '2099-01-01T00:00:00Z', '--drain-group', 'feed']],
  ['undrain', ['undrain', 'h1', '--disabled']],
  ['power', ['power', 'off', 'h1']],
  ['rebirth', ['rebirth', 'h1', '--wipe', '--cycle']],
  ['clean', ['clean', 'h1', '--owner', 'blue']],
  ['maintenance', ['maintenance', 'h1', '--work', '[{"kind":"reboot"}]']],
  ['repair', ['repair', 'h1', '--fault', 'disk/X']],
  ['retire', ['retire', 'h1']],
  ['order place', ['order', 'place', 'drain', 'h1', '--request', '{"flow":"basic"}']],
];
it.each(all)('U-2: %s --dry-run shows the plan, its hash, and the command that applies it', async (_name, args) => {
  const out = await bench.farrier(...args, '--dry-run', '--reason', "it's new");
  expect(out).toContain('take semaphore/');
  expect(out).toContain(`Plan ${hashOf('m-01')}`);
  const command = /^ {2}farrier (.*)$/m.exec(out)?.[1] ?? '';
  expect(command).toContain(`--plan ${hashOf('m-01')}`);
  expect(command).not.toContain('--dry-run');
  // The command as a shell would read it orders the same, without the rehearsal.
  const words = [...command.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll("'\\''", "'") ?? plain ?? '',
  );
  await bench.farrier(...words, '--id', `real-${args[0]}-${args[1]}`);
  const [real] = await bench.base.mdb
    .select()
    .from(orders)
    .where(eq(orders.id, `real-${args[0]}-${args[1]}`));
  const [rehearsal] = await bench.base.mdb
    .select()
    .from(orders)
    .where(eq(orders.dryRun, true))
    .orderBy(orders.createdAt);
  expect(real).toMatchObject({ dryRun: false, reviewed: hashOf('m-01'), machineId: 'm-01', reason: "it's new" });
  expect(rehearsal?.dryRun).toBe(true);
  const requests = await bench.base.mdb
    .select()
    .from(orders)
    .where(eq(orders.passage, real?.passage ?? 'drain'));
  expect(requests.every(({ request }) => JSON.stringify(request) === JSON.stringify(real?.request))).toBe(true);
  await bench.base.mdb.delete(plans);
  await bench.base.mdb.update(orders).set({ state: 'done' });
  await bench.base.mdb.delete(orders);
});

it('U-2: shows each machine of a selection, and those that would be refused', async () => {
  const out = await bench.farrier('reboot', '--selector', 'rack=A02', '--dry-run', '--reason', 'x');
  expect(out).toMatch(/m-03[\s\S]*take semaphore\/reboot/);
  expect(out).toContain(`farrier reboot m-03 --reason x --plan ${hashOf('m-03')}`);
  expect(out).toMatch(/m-04[\s\S]*it is sick/);
  expect(process.exitCode).toBe(1);
  const json = JSON.parse(await bench.farrier('reboot', '--selector', 'rack=A02', '--dry-run', '--json', '--id', 'j'));
  expect(json.outcomes).toMatchObject([
    { machineId: 'm-03', plan: { hash: hashOf('m-03') }, apply: expect.stringContaining('--plan') },
    { machineId: 'm-04', plan: null, apply: null },
  ]);
});

it('U-2: waits for so long only, or not at all', async () => {
  const began = Date.now();
  const out = await bench.farrier('reboot', 'h5', '--dry-run', '--wait', '1', '--reason', 'x');
  expect(Date.now() - began).toBeLessThan(20_000);
  expect(out).toMatch(/not planned yet[\s\S]*farrier order show reboot-05/);
  expect(process.exitCode).toBe(1);
  expect(await bench.farrier('drain', 'h5', '--dry-run', '--no-wait')).toMatch(
    /is ordered for m-05: farrier order show/,
  );
  await bench.farrier('drain', 'h2', '--dry-run', '--no-wait', '--json');
});

it('U-2: the command that applies a plan asks the same API as the rehearsal did', async () => {
  for (const args of [
    ['--api', bench.url, 'reboot', 'h1'],
    ['reboot', 'h1', '--api', bench.url],
  ]) {
    const out = await bench.farrier(...args, '--dry-run', '--reason', 'x');
    expect(out).toContain(`farrier reboot m-01 --reason x --api ${bench.url} --plan ${hashOf('m-01')}`);
    await bench.base.mdb.delete(plans);
    await bench.base.mdb.delete(orders);
  }
});
