/** What simulated machines cost while nothing happens to them; ends with one line of JSON. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { personalityChoices } from '../../sim/bmc/personalities.ts';
import { createFleet } from '../../sim/fleet.ts';
import { listenFor } from '../../sim/listen.ts';
import { type SimResult, simBounds } from './simbudget.ts';
import { reportBounds } from './verdict.ts';

const { values } = parseArgs({
  options: {
    racks: { type: 'string', default: '100' },
    'per-rack': { type: 'string', default: '40' },
    personality: { type: 'string', default: 'standard' },
    addressing: { type: 'string', default: 'loopback' },
  },
});
const whole = z.coerce.number().int().min(1);
const racks = whole.parse(values.racks);
const perRack = whole.parse(values['per-rack']);
const addressing = z.enum(['loopback', 'ports']).parse(values.addressing);

const personality = z.enum(personalityChoices).parse(values.personality);

const folder = await mkdtemp(join(tmpdir(), 'farrier-sim-'));
const rss = () => Math.round(process.memoryUsage().rss / 2 ** 20);
const node = rss();
// Nothing answers there: each machine finds no boot device and asks again every 20 s.
const nowhere = { bootUrl: 'http://127.0.0.1:9', ca: '' };
const fleet = createFleet({ racks, perRack, folder, ...nowhere, powerRate: 10_000, personality });
const made = rss();
const began = performance.now();
const listening = await listenFor(fleet, '127.0.0.1:0', addressing);
const listenMs = Math.round(performance.now() - began);
const off = rss();
// Every controller has a session and was read once: from then on it keeps a state of its own.
const account = JSON.stringify({ UserName: 'admin', Password: 'simulated' });
const authorization = `Basic ${Buffer.from('admin:simulated').toString('base64')}`;
for (const machine of fleet.machines) {
  const bmc = fleet.bmcOf(machine);
  const path = '/redfish/v1/SessionService/Sessions';
  await bmc.answer({ method: 'POST', path, headers: {}, body: account, bytes: account.length });
  await bmc.answer({ method: 'GET', path: '/redfish/v1/Systems', headers: { authorization }, body: '', bytes: 0 });
}
const spokenTo = rss();
await fleet.start('on');
await sleep(10_000);
const before = process.cpuUsage();
await sleep(20_000);
const { user, system } = process.cpuUsage(before);
const result: SimResult = {
  bench: 'sim',
  machines: racks * perRack,
  listen_ms: listenMs,
  rss_mib: { node, made, off, spoken_to: spokenTo, looking_for_boot: rss() },
  cpu_share_looking_for_boot: Math.round(((user + system) / 20e6) * 1000) / 1000,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exitCode = reportBounds(simBounds(result));
await listening.close();
await fleet.stop();
await rm(folder, { recursive: true, force: true });
