import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { expect } from 'vitest';
import type { PersonalityChoice } from '../../sim/bmc/personalities.ts';
import { createFleet, type Fleet } from '../../sim/fleet.ts';
import type { Entry, SimEffect } from '../../sim/journal.ts';
import { type Listening, listenFor, type Scheme } from '../../sim/listen.ts';

let ending = async () => {};
let fleet: Fleet;
let listening: Listening;

/** Ends what `play` began, if it did. */
export async function stopPlaying() {
  const end = ending;
  ending = async () => {};
  await end();
}

/** A machine with such a controller; its life goes that many times faster. */
export async function play(personality: PersonalityChoice, speed = 50, scheme: Scheme = 'http') {
  const folder = await mkdtemp(join(tmpdir(), 'farrier-personality-'));
  // Nothing answers there: the machine only ever finds no boot device.
  fleet = createFleet({ racks: 1, perRack: 2, folder, speed, bootUrl: 'http://127.0.0.1:9', ca: '', personality });
  listening = await listenFor(fleet, '127.0.0.1:0', 'loopback', scheme);
  ending = async () => {
    await listening.close();
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const machine = fleet.machines[0];
  if (!machine) throw new Error('no machine');
  return machine;
}

export interface Played {
  readonly origin: string;
  journal(effect: SimEffect): Promise<readonly Entry[]>;
}

/** A machine of each family at once, to be driven by other clients than ours; `end` ends all. */
export async function playAll(families: readonly PersonalityChoice[], speed: number) {
  const folder = await mkdtemp(join(tmpdir(), 'farrier-families-'));
  const ends: (() => Promise<void>)[] = [];
  const played: Partial<Record<PersonalityChoice, Played>> = {};
  for (const personality of families) {
    const one = { racks: 1, perRack: 1, folder: join(folder, personality), speed, personality };
    const own = createFleet({ ...one, bootUrl: 'http://127.0.0.1:9', ca: '' });
    const doors = await listenFor(own, '127.0.0.1:0', 'loopback', 'https');
    const [machine] = own.machines;
    if (!machine) throw new Error('no machine');
    ends.push(doors.close, own.stop.bind(own));
    played[personality] = {
      origin: doors.originOf(machine.hardware),
      journal: async (effect) => (await own.journal.read({})).filter((entry) => entry.effect === effect),
    };
  }
  const end = async () => {
    for (const close of ends) await close();
    await rm(folder, { recursive: true, force: true });
  };
  return { played, end };
}

export function bmcOrigin(): string {
  const machine = fleet.machines[0];
  if (!machine) throw new Error('no machine');
  return listening.originOf(machine.hardware);
}

interface BmcReply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: documents of a controller, looked into by the tests.
  readonly json: any;
  readonly text: string;
  /** MessageId of an error, or of a success that says something. */
  readonly message: string;
}

export const basicAs = (username: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});
export const basicOf = (password: string) => basicAs('admin', password);
export const basic = basicOf('simulated');

export async function askBmc(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<BmcReply> {
  const raw = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await request(bmcOrigin() + path, {
    method,
    headers: { ...basic, ...headers },
    reset: true,
    ...(raw !== undefined && { body: raw }),
  });
  const text = await response.body.text();
  let json: BmcReply['json'];
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.statusCode, headers: response.headers, json, text, message: json?.error?.code ?? '' };
}

export const get = async (path: string) => (await askBmc('GET', path)).json;
export const control = async (method: 'PUT' | 'DELETE' | 'GET', path: string, body?: unknown) => {
  const response = await request(`${listening.control}/machines/s001-u01${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.statusCode, json: (await response.body.json()) as Record<string, unknown> };
};
export const fault = (body: object) => control('PUT', '/fault', body);
export const bmcFault = (body: object) => control('PUT', '/bmc-fault', body);

export async function journal(effect: string) {
  return (await fleet.journal.read({ machine: 's001-u01' })).filter((entry) => entry.effect === effect);
}

/** The host system's resource, found as a client would: the one that can be reset. */
export async function system() {
  const { Members } = await get('/redfish/v1/Systems');
  for (const member of Members) {
    const found = await get(member['@odata.id']);
    if (found.Actions?.['#ComputerSystem.Reset']) return found;
  }
  throw new Error('no system can be reset');
}

export async function resetBmcSystem(ResetType: string): Promise<BmcReply> {
  return askBmc('POST', (await system()).Actions['#ComputerSystem.Reset'].target, { ResetType });
}

/** If-Match as this controller wants it. */
export async function match(path: string): Promise<Record<string, string>> {
  const { json, headers } = await askBmc('GET', path);
  const tag = json['@odata.etag'] ?? headers.etag;
  return tag ? { 'if-match': String(tag).replace(/^W\//, '') } : {};
}

/** An expectation of what is going to be so before long. */
export const soon = <T>(look: () => T) => expect.poll(look, { interval: 20 });
