/** What boot loaders really send: targets of several forms, and values that they escape in ways of their own. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { type AddressInfo, BlockList, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { birtherConfig, readConfig } from '../../boot/config.ts';
import { createFileServer } from '../../boot/files.ts';
import { identityMismatch, readBootRequest } from '../../boot/request.ts';
import { type BootServerParts, createBootServer } from '../../boot/server.ts';

describe('N-6: targets', () => {
  let folder: string;
  let server: Server;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'farrier-targets-'));
    mkdirSync(join(folder, 'images/boot'), { recursive: true });
    writeFileSync(join(folder, 'images/boot/vmlinuz'), 'a kernel');
    writeFileSync(join(folder, 'secret'), 'a secret');
    const surroundings = { bootUrl: 'http://h:1', agentUrl: 'https://h:1', consoles: ['ttyS0'] };
    const parts = {
      files: createFileServer(join(folder, 'images')),
      metrics: { served: () => {}, text: async () => 'metrics' },
      birther: { outage: false },
      proxies: new BlockList(),
      rate: 1000,
      log: pino({ level: 'silent' }),
      surroundings,
    };
    server = createBootServer(parts as unknown as BootServerParts).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function get(target: string): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    return `${text.slice(9, 12)} ${text.split('\r\n\r\n')[1]}`;
  }

  it.each([
    '/files/boot/vmlinuz',
    '//files/boot/vmlinuz',
    '/files//boot/vmlinuz',
    '///files///boot///vmlinuz',
    'http://192.168.77.1:8080/files/boot/vmlinuz',
    'HTTP://192.168.77.1//files//boot/vmlinuz?x=//y',
  ])('N-6: %s is the kernel', async (target) => {
    expect(await get(target)).toBe('200 a kernel');
  });

  it.each(['//boot.ipxe', 'http://h/boot.ipxe', '//healthz', 'http://h//metrics'])(
    'N-6: %s is answered',
    async (target) => {
      expect(await get(target)).toMatch(/^200 /);
    },
  );

  it.each([
    '/files/../secret',
    '//files//..//secret',
    '/files//boot/../../secret',
    '/files/boot/..%2f..%2fsecret',
    '/files/%2e%2e/secret',
    '//files//%2e%2e//secret',
    'http://h/files/../secret',
    'http://h/files/boot/%2e%2e/%2e%2e/secret',
    '/files\\..\\secret',
    '/files/boot%2f%2fvmlinuz',
    'http://h',
    '//',
    'ftp://h/files/boot/vmlinuz',
  ])('N-6: %s is not found', async (target) => {
    expect(await get(target)).toMatch(/^404 (?!a )/);
  });
});

describe('B-9: what firmware says, as a loader passes it on', () => {
  const read = (query: string) =>
    readBootRequest(
      new URLSearchParams(`mac=52%3A54%3A00%3A00%3A00%3A01&${query}&product=P&platform=pcbios&arch=i386`),
    );
  // As iPXE 1.0.0+git-20190125 wrote them in QEMU.
  const pairs: readonly (readonly [told: string, recorded: string])[] = [
    ['AC12&B', 'AC12&B'],
    ['AC12&B=7&C', 'AC12&B=7&C'],
    ['A%FFFFFFFFFFFFC4C%FFFFFFFFFFFFC1', 'A-C-'],
    ['A%FFFFFFC4C1', 'A\u00C4C1'],
    ['F%FFFFFFFFFFFFC3%FFFFFFFFFFFFBC3', 'F\u00fc3'],
    ['a+b%20c/d=e%23f%25g%3Fh', 'a+b c/d=e#f%g?h'],
    ['A%C3%84C1', 'A\u00C4C1'],
  ];

  it.each(pairs)('B-9: the serial number %j is the recorded %j', (reported, recorded) => {
    expect(identityMismatch(read(`serial=${reported}`), { systemUuid: null, serial: recorded })).toBeNull();
  });

  it.each([
    ['AC12&B', 'AC12'],
    ['AC12', 'AC12&B'],
    ['AC12&C', 'AC12&B'],
    ['A%FFFFFFFFFFFFC4C', 'AD'],
  ])('B-9: the serial number %j is another than the recorded %j', (reported, recorded) => {
    expect(identityMismatch(read(`serial=${reported}`), { systemUuid: null, serial: recorded })).not.toBeNull();
  });

  it('B-9: no value takes the place of another', () => {
    const reported = read('serial=A7&mac=52:54:00:00:00:99&uuid=x&platform=efi');
    expect(reported).toMatchObject({ mac: '52:54:00:00:00:01', serial: 'A7', platform: 'efi' });
    expect(read('serial=AC12&B&vendor=M&N')).toMatchObject({
      serial: 'AC12&B',
      vendor: 'M&N',
      product: 'P',
      platform: 'bios',
    });
  });
});

describe('B-11: consoles', () => {
  const consoles = (text: string | undefined) =>
    readConfig(birtherConfig, {
      FARRIER_MDB_URL: 'x',
      FARRIER_DATA: '/d',
      FARRIER_BOOT_URL: 'http://h:1',
      FARRIER_AGENT_URL: 'https://h:1',
      ...(text === undefined ? {} : { FARRIER_CONSOLES: text }),
    }).FARRIER_CONSOLES;

  it.each([
    [undefined, ['tty0', 'ttyS0,115200']],
    ['ttyS1', ['ttyS1,115200']],
    ['tty1 ttyS0,57600n8', ['tty1', 'ttyS0,57600n8']],
    ['hvc0 ttyAMA0', ['hvc0', 'ttyAMA0,115200']],
  ])('B-11: %j has a speed on each serial line', (text, expected) => {
    expect(consoles(text)).toEqual(expected);
  });
});
