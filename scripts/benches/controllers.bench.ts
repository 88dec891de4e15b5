/**
 * Simulated controllers for another bench, of which the first ones hang. Their addresses are its first line; it ends with
 * its standard input, by telling whether they did what they are for.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { personalityChoices } from '../../sim/bmc/personalities.ts';
import { createFleet } from '../../sim/fleet.ts';
import { listenFor } from '../../sim/listen.ts';
import { type ControllersResult, controllersBounds } from './simbudget.ts';
import { reportBounds } from './verdict.ts';

const { values } = parseArgs({
  options: {
    family: { type: 'string', default: 'standard' },
    count: { type: 'string', default: '40' },
    hung: { type: 'string', default: '0' },
  },
});
const personality = z.enum(personalityChoices).parse(values.family);
const count = z.coerce.number().int().min(1).parse(values.count);
const hung = z.coerce.number().int().min(0).max(count).parse(values.hung);

const folder = await mkdtemp(join(tmpdir(), 'farrier-controllers-'));
const perRack = Math.min(count, 40);
// Nothing answers there: the machines stay off.
const boot = { bootUrl: 'http://127.0.0.1:9', ca: '' };
const fleet = createFleet({ racks: Math.ceil(count / perRack), perRack, folder, personality, ...boot });
const listening = await listenFor(fleet, '127.0.0.1:0', process.platform === 'linux' ? 'loopback' : 'ports');
const machines = fleet.machines.slice(0, count);
for (const machine of machines.slice(0, hung))
  fleet.bmcOf(machine).faults.set({ path: '/redfish/v1/*', delay: 600, times: null });
const origins = machines.map(({ hardware }) => listening.originOf(hardware));
process.stdout.write(`${JSON.stringify(origins)}\n`);
await new Promise((resolve) => process.stdin.resume().once('end', resolve));
const heldBack = await Promise.all(origins.slice(0, hung).map(async (origin) => (await ask(origin, 2000)) === null));
const times = await Promise.all(origins.slice(hung).map((origin) => ask(origin, 30_000)));
const answered = times.filter((time) => time !== null);
const result: ControllersResult = {
  bench: 'controllers',
  controllers: count,
  hung,
  answered: answered.length,
  held_back: heldBack.filter(Boolean).length,
  slowest_ms: Math.round(Math.max(0, ...answered)),
  rss_mib: Math.round(process.memoryUsage().rss / 2 ** 20),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
const verdict = reportBounds(controllersBounds(result));
await listening.close();
await fleet.stop();
await rm(folder, { recursive: true, force: true });
// Answers that are held back would keep it for minutes.
process.exit(verdict);

/** Milliseconds until a controller answered for its service root; null where it did not in time. */
async function ask(origin: string, limit: number): Promise<number | null> {
  const began = performance.now();
  return new Promise((resolve) => {
    const get = origin.startsWith('https:') ? https.get : http.get;
    const request = get(`${origin}/redfish/v1/`, { rejectUnauthorized: false, timeout: limit }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200 ? performance.now() - began : null));
    });
    request.once('timeout', () => request.destroy()).once('error', () => resolve(null));
  });
}
