import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RedfishError } from '../../redfish/errors.ts';
import { openTransport } from '../../redfish/transport.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import { type Addressing, type Listening, listenFor, type Scheme } from '../../sim/listen.ts';

let folder: string;
let fleet: Fleet;
let listening: Listening;
const options = () => ({ racks: 1, perRack: 2, folder, bootUrl: 'http://127.0.0.1:9', ca: '' });

async function open(addressing: Addressing, scheme: Scheme) {
  fleet = createFleet(options());
  listening = await listenFor(fleet, '127.0.0.1:0', addressing, scheme);
}
async function close() {
  await listening.close();
  await fleet.stop();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-tls-'));
});
afterEach(async () => {
  await close();
  await rm(folder, { recursive: true, force: true });
});

function machine(index: number) {
  const found = fleet.machines[index];
  if (!found) throw new Error('no machine');
  return found;
}

/** Reads the root as a client that trusts this key, or the first one; gives the key that was shown. */
async function look(index: number, pin: string | null = null): Promise<string | null> {
  const transport = openTransport(listening.originOf(machine(index).hardware), pin);
  try {
    const { status } = await transport.send({ method: 'GET', path: '/redfish/v1/' });
    expect(status).toBe(200);
    return transport.pin();
  } finally {
    await transport.close();
  }
}
const change = async (id: string) => {
  const answer = await request(`${listening.control}/machines/${id}/certificate`, { method: 'PUT' });
  await answer.body.dump();
  return answer.statusCode;
};

describe.each(['loopback', 'ports'] as const)('controllers that speak TLS, by %s,', (addressing) => {
  test('show a key of their own, each another one, and keep it over a restart of the simulator', async () => {
    await open(addressing, 'https');
    const [one, other] = [await look(0), await look(1)];
    expect(one).toMatch(/^[\w+/]{43}=$/);
    expect(other).not.toBe(one);
    expect(await look(0, one)).toBe(one);
    await close();
    await open(addressing, 'https');
    expect(await look(0, one)).toBe(one);
  });

  test('get another certificate at run time, which who pinned the old one refuses', async () => {
    await open(addressing, 'https');
    const old = await look(0);
    expect(await change('s001-u01')).toBe(200);
    const refused = await look(0, old).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RedfishError);
    expect(refused).toMatchObject({ kind: 'pin-changed', carriedOut: 'no' });
    expect(await look(0)).not.toBe(old);
    expect(await look(1)).not.toBeNull();
  });
});

test('controllers that speak plain HTTP have no certificate to change', async () => {
  await open('ports', 'http');
  expect(await look(0)).toBeNull();
  expect(await change('s001-u01')).toBe(409);
});
