/** Simulated controllers for another bench, of which the first ones hang; ends with its standard input. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { personalityChoices } from '../../sim/bmc/personalities.ts';
import { createFleet } from '../../sim/fleet.ts';
import { listenFor } from '../../sim/listen.ts';

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
process.stdout.write(`${JSON.stringify(machines.map(({ hardware }) => listening.originOf(hardware)))}\n`);
await new Promise((resolve) => process.stdin.resume().once('end', resolve));
await listening.close();
await fleet.stop();
await rm(folder, { recursive: true, force: true });
// Answers that are held back would keep it for minutes.
process.exit(0);
