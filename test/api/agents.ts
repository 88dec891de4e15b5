import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Agent, request } from 'undici';
import { createAgentApi } from '../../api/agent/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { type AgentRecord, formatRecords, parseRecords } from '../../contract/records.ts';
import { machineIdOf } from '../../domain/machine.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { bootTokens, machines, nics, orders } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

export interface AgentServer {
  readonly mdb: Mdb;
  readonly caPem: string;
  readonly origin: string;
  /** The folder of files for machines; `boot/subd` is in it. */
  readonly images: string;
  /** Where the root of access certificates may be put. */
  readonly accessCaFile: string;
  /** Everything that was logged. */
  readonly logged: string[];
  /** One request as an agent makes it. */
  ask(method: 'GET' | 'POST', path: string, token: string | null, body?: string): Promise<AgentReply>;
  close(): Promise<void>;
}

export interface AgentReply {
  readonly status: number;
  readonly records: readonly AgentRecord[];
  readonly reason: string;
}

/** An agent API on a throw-away MDB, and a client that pins its CA as the bootstrap image does. */
export async function startAgentServer(given?: ThrowawayMdb): Promise<AgentServer> {
  const throwaway = given ?? (await throwawayMdb());
  const folder = await mkdtemp(join(tmpdir(), 'farrier-agent-'));
  const authority = await openAuthority(folder, { addresses: ['127.0.0.1'] });
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const images = join(folder, 'images');
  const accessCaFile = join(folder, 'access-ca.pem');
  await mkdir(join(images, 'boot'), { recursive: true });
  await writeFile(join(images, 'boot/subd'), 'not really subd');
  const { mdb, url: mdbUrl } = throwaway;
  const app = createAgentApi({ mdb, mdbUrl, authority, images, accessCaFile, log });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const origin = `https://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const dispatcher = new Agent({ connect: { ca: authority.caPem, servername: 'agent.farrier.internal' } });
  return {
    mdb: throwaway.mdb,
    caPem: authority.caPem,
    origin,
    images,
    accessCaFile,
    logged,
    ask: async (method, path, token, body) => {
      const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
      const response = await request(`${origin}${path}`, { method, dispatcher, headers, body: body ?? null });
      const records = parseRecords(await response.body.text());
      return { status: response.statusCode, records, reason: records[0]?.fields['reason'] ?? '' };
    },
    close: async () => {
      await app.close();
      await dispatcher.close();
      await throwaway.close();
      await rm(folder, { recursive: true });
    },
  };
}

export interface Born {
  readonly machineId: string;
  readonly mac: string;
  readonly orderId: string;
  /** Its boot token, as the birther put it into the script. */
  readonly token: string;
}

let count = 0;

/** A machine in birth with its order and a boot token: what the birther leaves behind. */
export async function bear(mdb: Mdb, siteId = 'home'): Promise<Born> {
  count += 1;
  const mac = `52:54:00:00:${hex(count >> 8)}:${hex(count & 255)}`;
  const machineId = machineIdOf(mac);
  const orderId = `birth-${machineId}-1`;
  await mdb.insert(machines).values({ id: machineId, siteId, mac });
  await mdb.insert(nics).values({ mac, machineId });
  const reason = 'first boot';
  await mdb
    .insert(orders)
    .values({ id: orderId, machineId, passage: 'birth', requester: 'birther', reason, state: 'running' });
  return { machineId, mac, orderId, token: await giveToken(mdb, machineId, orderId) };
}

export async function giveToken(mdb: Mdb, machineId: string, orderId: string, seconds = 900): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await mdb.insert(bootTokens).values({
    hash: createHash('sha256').update(token).digest('hex'),
    machineId,
    use: 'bootstrap',
    nonce: randomBytes(16).toString('hex'),
    orderId,
    expiresAt: new Date(Date.now() + seconds * 1000),
  });
  return token;
}

export function recordLine(kind: string, fields: Record<string, string | number>): string {
  return formatRecords([{ kind, fields: Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, String(v)])) }]);
}

export const greeting = recordLine('agent', {
  version: 1,
  firmware: 'uefi',
  boot: '3f0f5c60-0000-4000-8000-000000000001',
});

/** Says hello and returns the session's token. */
export async function open(server: AgentServer, born: Born): Promise<string> {
  const { records, status, reason } = await server.ask('POST', '/agent/hello', born.token, greeting);
  if (status !== 200) throw new Error(`hello was answered ${status}: ${reason}`);
  return records[0]?.fields['token'] ?? '';
}

/** A sound inventory of that machine; `change` replaces records by kind. */
export function describe(born: Born, change: Record<string, string> = {}): string {
  const kinds: Record<string, string> = {
    system: recordLine('system', {
      vendor: 'Acme',
      product: 'R1',
      serial: `SN-${born.machineId}`,
      uuid: `4c4c4544-0000-4000-8000-${born.mac.replaceAll(':', '')}`,
      sku: 'R1-A',
      board_serial: 'To be filled by O.E.M.',
      bios_version: '1.2',
      firmware: 'uefi',
    }),
    cpu: recordLine('cpu', { socket: 0, model: 'Xeon 6', cores: 8, threads: 16 }),
    memory: recordLine('memory', { mib: 65536 }),
    dimm: recordLine('dimm', { slot: 'A1', mib: 65536, serial: 'D1', part: 'P1', speed: 4800 }),
    disk: recordLine('disk', {
      name: 'sda',
      serial: `D-${born.machineId}`,
      model: 'SSD',
      bytes: 480_000_000_000,
      rotational: 0,
      content: 'blank',
    }),
    nic: recordLine('nic', {
      name: 'eth0',
      mac: born.mac,
      driver: 'ixgbe',
      pci: '0000:01:00.0',
      speed: 25000,
      carrier: 1,
    }),
    lldp: recordLine('lldp', { nic: 'eth0', chassis: '52-54-00-FF-00-01', port: 'swp1', system: 'sw-A01' }),
    ...change,
  };
  return Object.values(kinds).join('');
}

function hex(number: number): string {
  return number.toString(16).padStart(2, '0');
}
