import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KillBench, type Killed, moments, openKillBench } from './killing.ts';

let bench: KillBench | null;
let server: Server;
let images: string;

const image = `SIMFW BIOS 9.8.7\n${'.'.repeat(50_000)}`;

beforeAll(async () => {
  bench = await openKillBench();
  server = createServer((_, answer) => void answer.end(image));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  images = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.close();
  await bench?.close();
});

const count = ({ journal }: Killed, effect: string) => journal.filter((entry) => entry.effect === effect).length;
const system = '/redfish/v1/Systems/1';

/** Killed before it sent anything, it certainly did nothing: that is told, and it is asked for under a new intent. */
function expectedOf(moment: (typeof moments)[number]): string[] {
  return moment === 'before sending' ? ['not_done', 'done'] : ['done'];
}

describe.concurrent.each(moments)('a worker that is killed %s', (moment) => {
  test('of a power command leaves one power edge, and it is known', async ({ skip, expect }) => {
    if (!bench) return skip('no Temporal server');
    const killed = await bench.kill({
      personality: 'standard',
      kind: 'power-on',
      command: { method: 'POST', path: `${system}/Actions/ComputerSystem.Reset` },
      moment,
    });
    expect(killed.results.map(({ state }) => state)).toEqual(expectedOf(moment));
    expect(count(killed, 'power-on')).toBe(1);
    expect(killed.intents.map(({ state }) => state)).toEqual(expectedOf(moment));
  });

  test('of BIOS settings leaves them pending once, and it is known', async ({ skip, expect }) => {
    if (!bench) return skip('no Temporal server');
    const killed = await bench.kill({
      personality: 'standard',
      kind: 'set-bios',
      parameters: { attributes: { SriovSupport: 'Enabled' } },
      command: { method: 'PATCH', path: `${system}/Bios/Settings` },
      moment,
    });
    expect(killed.results.map(({ state }) => state)).toEqual(expectedOf(moment));
    expect(count(killed, 'bios-pending')).toBe(1);
    expect(killed.machine.state.pendingBios).toEqual({ SriovSupport: 'Enabled' });
  });

  test('of a firmware update leaves it flashed once, and it is known', async ({ skip, expect }) => {
    if (!bench) return skip('no Temporal server');
    const killed = await bench.kill({
      personality: 'standard',
      kind: 'update-firmware',
      parameters: {
        component: 'BIOS',
        version: '9.8.7',
        image: 'firmware/bios.bin',
        sha256: createHash('sha256').update(image).digest('hex'),
      },
      command: { method: 'POST', path: '/redfish/v1/UpdateService/upload' },
      moment,
      images,
    });
    expect(killed.results.map(({ state }) => state)).toEqual(expectedOf(moment));
    expect(count(killed, 'firmware-flashed')).toBe(1);
  });
});

test.concurrent('a worker that is killed with its command on the way leaves no effect, and nobody who sends it again', async ({
  skip,
}) => {
  if (!bench) return skip('no Temporal server');
  const killed = await bench.kill({
    personality: 'standard',
    kind: 'power-on',
    command: { method: 'POST', path: `${system}/Actions/ComputerSystem.Reset` },
    moment: 'on the way',
  });
  expect(killed.results.map(({ state }) => state)).toEqual(['unknown']);
  expect(count(killed, 'power-on')).toBe(0);
  expect(killed.intents.map(({ state }) => state)).toEqual(['sent']);
});
