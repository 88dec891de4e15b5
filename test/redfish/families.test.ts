import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { gatherHardware } from '../../redfish/read/inventory.ts';
import { readLogs } from '../../redfish/read/logs.ts';
import { probeController } from '../../redfish/read/probe.ts';
import { readSensors } from '../../redfish/read/sensors.ts';
import { withSession } from '../../redfish/session.ts';
import { openTransport } from '../../redfish/transport.ts';
import { personalities } from '../../sim/bmc/personalities.ts';
import { createFleet } from '../../sim/fleet.ts';
import { listenFor } from '../../sim/listen.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Family = keyof typeof personalities;

test.each(Object.keys(personalities) as Family[])('%s is read whole', async (personality) => {
  const folder = await mkdtemp(join(tmpdir(), 'farrier-read-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const fleet = createFleet({
    racks: 1,
    perRack: 1,
    folder,
    speed: 50,
    bootUrl: 'http://127.0.0.1:9',
    ca: '',
    personality,
  });
  closing.push(() => fleet.stop());
  const listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
  closing.push(() => listening.close());
  const [machine] = fleet.machines;
  if (!machine) throw new Error('no machine');
  const transport = openTransport(listening.originOf(machine.hardware), null);
  closing.push(() => transport.close());
  await withSession(transport, { username: 'admin', password: 'simulated' }, async (session) => {
    const inventory = await gatherHardware(session);
    const { model, serial, uuid } = machine.hardware;
    expect(inventory.gaps).toEqual([]);
    // A model of its own, whose quirk is the model's (quirk 32).
    const product = personality === 'sr675' ? 'ThinkSystem SR675 V3' : model.product;
    expect(inventory.identity).toMatchObject({ serial, uuid, product });
    // bmcweb knows nothing of the host's network cards.
    const cards = personalities[personality].missing.includes('/Systems/1/EthernetInterfaces') ? 0 : model.nic.count;
    expect(inventory.nics).toHaveLength(cards);
    expect(inventory.drives).toHaveLength(model.disks.length);
    const { expand, missing } = personalities[personality];
    if (!missing.includes('/Systems/1/Processors')) expect(inventory.cpus).toHaveLength(model.cpu.sockets);
    if (!missing.includes('/Systems/1/Memory')) expect(inventory.dimms).toHaveLength(model.dimms.count);
    // What a server of two sockets may cost, where members come with their collections.
    if (expand > 0) expect(inventory.requests).toBeLessThanOrEqual(25);

    const probe = await probeController(session);
    expect(probe).toMatchObject({ gaps: [], resetTypes: personalities[personality].resetTypes });
    const { sensors, gaps } = await readSensors(session);
    expect(gaps).toEqual([]);
    expect(sensors.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['temperature', 'fan', 'power']));
    const logs = await readLogs(session);
    expect(logs.gaps).toEqual([]);
    expect(logs.logs.map(({ path }) => path)).toHaveLength(personalities[personality].logs.length);
  });
});
