/** The real iPXE asks the real script's question, on machines whose firmware says odd things of itself. */
import { spawn } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderDiscover } from '../../boot/render.ts';
import { identityMismatch, readBootRequest } from '../../boot/request.ts';
import { ended } from '../../sim/vm/process.ts';
import { findMissingTools } from './needs.ts';
import { eventually } from './wait.ts';

const ipxe = '/usr/lib/ipxe/ipxe.lkrn';
const missing = await findMissingTools(['qemu-system-x86_64', ipxe]);
const uuid = '4c4c4544-0033-3510-8052-b4c04f4a4d32';
const limitMs = 120_000;

describe.skipIf(missing.length > 0)(`a loader${missing.length > 0 ? ` (skipped: needs ${missing})` : ''}`, () => {
  let folder: string;
  beforeAll(async () => {
    await access(ipxe);
    folder = await mkdtemp(join(tmpdir(), 'farrier-loader-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The query of the machine's second request, the first with what it knows of itself. */
  async function ask(smbios: Buffer): Promise<URLSearchParams> {
    const queries: URLSearchParams[] = [];
    const server = createServer((request, response) => {
      queries.push(new URL(request.url ?? '/', 'http://h').searchParams);
      response.end('#!ipxe\npoweroff\n');
    }).listen(0, '127.0.0.1');
    await eventually('the server', () => server.listening);
    const bootUrl = `http://10.0.2.2:${(server.address() as AddressInfo).port}`;
    const script = renderDiscover({ bootUrl, agentUrl: 'https://h', consoles: [] }).replace(
      '#!ipxe\n',
      '#!ipxe\ndhcp\n',
    );
    await writeFile(join(folder, 'script'), script);
    await writeFile(join(folder, 'smbios'), smbios);
    const machine = spawn('qemu-system-x86_64', [
      ...[
        '-machine',
        'pc',
        '-accel',
        'tcg,thread=single',
        '-m',
        '128',
        '-display',
        'none',
        '-nodefaults',
        '-no-reboot',
      ],
      ...['-kernel', ipxe, '-initrd', join(folder, 'script'), '-smbios', `file=${join(folder, 'smbios')}`],
      ...['-netdev', 'user,id=n', '-device', 'virtio-net-pci,netdev=n,romfile='],
    ]);
    try {
      return await eventually('the question', () => queries[0], limitMs);
    } finally {
      machine.kill('SIGKILL');
      await ended(machine, 10_000);
      server.closeAllConnections();
      server.close();
    }
  }

  /** SMBIOS type 1 with these strings; the UUID's first three groups are little-endian since 2.6. */
  function system(serial: Buffer): Buffer {
    const hex = uuid.replaceAll('-', '');
    const swap = (from: number, to: number) => Buffer.from(hex.slice(from, to), 'hex').reverse();
    const bytes = Buffer.concat([swap(0, 8), swap(8, 12), swap(12, 16), Buffer.from(hex.slice(16), 'hex')]);
    const head = Buffer.from([1, 27, 0, 1, 1, 2, 0, 3]);
    const strings = [Buffer.from('Maker & Sons'), Buffer.from('P&Q'), serial].map((text) =>
      Buffer.concat([text, Buffer.from([0])]),
    );
    return Buffer.concat([head, bytes, Buffer.from([6, 0, 0]), ...strings, Buffer.from([0])]);
  }

  it.each([
    ['AC12&B', Buffer.from('AC12&B'), 'AC12&B'],
    ['bytes above 0x7f', Buffer.from([0x41, 0xc4, 0x43, 0x31, 0xe9, 0x37]), 'A-C1-7'],
    ['signs that a query gives a meaning', Buffer.from('a+b c/d=e#f%g?h7'), 'a+b c/d=e#f%g?h7'],
  ])(
    'B-9: with %s as its serial number is the machine that the agent knows',
    { timeout: limitMs + 60_000 },
    async (_, serial, recorded) => {
      const request = readBootRequest(await ask(system(serial)));
      expect(request).toMatchObject({
        product: 'P&Q',
        vendor: 'Maker & Sons',
        platform: 'bios',
        uuid: expect.any(String),
      });
      expect(request.serial).not.toBeNull();
      expect(identityMismatch(request, { systemUuid: uuid, serial: recorded })).toBeNull();
      expect(identityMismatch(request, { systemUuid: uuid, serial: `${recorded}9` })).not.toBeNull();
    },
  );
});
