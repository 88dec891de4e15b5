import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DhcpSetting, renderDhcp, renderHosts } from '../../boot/dhcp.ts';
import { checkDnsmasqConfig } from '../../boot/dnsmasq.ts';
import { createLeasing } from '../../boot/leasing.ts';
import { stockTftpRoot } from '../../boot/tftp.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { registerUnknownMachine } from '../../mdb/identity/unknown.ts';
import { leaseNetworks, leases } from '../../mdb/places/leases.ts';
import { machines } from '../../mdb/schema.ts';
import { throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-dhcp-'));
});
afterEach(() => rm(folder, { recursive: true }));

const birth = {
  id: 'birth',
  kind: 'birth',
  cidr: '192.168.77.0/24',
  gateway: '192.168.77.1',
  dns: ['192.168.77.1', '9.9.9.9'],
  first: '192.168.77.50',
  last: '192.168.77.99',
} as const;
const main = {
  ...birth,
  id: 'main',
  kind: 'main',
  cidr: '10.1.0.0/16',
  gateway: null,
  dns: [],
  first: null,
  last: null,
} as const;

const setting = (change: Partial<DhcpSetting> = {}): DhcpSetting => ({
  mode: 'serve',
  interfaces: ['sw0'],
  bootUrl: 'http://192.168.77.1:8080',
  tftpRoot: join(folder, 'tftp'),
  hostsFile: join(folder, 'hosts'),
  leaseFile: join(folder, 'leases'),
  pidFile: join(folder, 'pid'),
  user: 'root',
  networks: [birth, main],
  ...change,
});

test('temporary addresses come from the pool, permanent ones by MAC only', () => {
  const lines = renderDhcp(setting()).split('\n');
  expect(lines).toContain('dhcp-range=set:birth,192.168.77.50,192.168.77.99,255.255.255.0,10m');
  expect(lines).toContain('dhcp-range=set:main,10.1.0.0,static,255.255.0.0,1h');
  expect(lines).toContain('dhcp-option=tag:birth,option:router,192.168.77.1');
  expect(lines).toContain('dhcp-option=tag:birth,option:dns-server,192.168.77.1,9.9.9.9');
  expect(lines).toContain('dhcp-option=tag:main,option:router');
});

test('every kind of client is told where its loader is, and iPXE where its script is', () => {
  const lines = renderDhcp(setting()).split('\n');
  expect(lines.filter((line) => line.startsWith('dhcp-boot='))).toEqual([
    'dhcp-boot=tag:ipxe,http://192.168.77.1:8080/boot.ipxe',
    'dhcp-boot=tag:!ipxe,tag:bios,undionly.kpxe',
    'dhcp-boot=tag:!ipxe,tag:efi64,snponly.efi',
    'dhcp-boot=tag:!ipxe,tag:arm64,snponly-arm64.efi',
    'dhcp-boot=tag:!ipxe,tag:http64,http://192.168.77.1:8080/files/tftp/snponly.efi',
    'dhcp-boot=tag:!ipxe,tag:httparm64,http://192.168.77.1:8080/files/tftp/snponly-arm64.efi',
  ]);
  expect(lines).toContain('dhcp-match=set:http64,option:client-arch,16');
  expect(lines).toContain('dhcp-option-force=tag:!ipxe,tag:httpclient,60,HTTPClient');
});

test('beside another server no address is lent, and iPXE has services of its own', () => {
  const text = renderDhcp(setting({ mode: 'proxy' }));
  expect(text).toContain('dhcp-range=192.168.77.0,proxy\n');
  expect(text).toContain('pxe-service=tag:ipxe,x86PC,Farrier,http://192.168.77.1:8080/boot.ipxe\n');
  expect(text).not.toMatch(/dhcp-hostsfile|dhcp-authoritative|192\.168\.77\.50/);
});

test.each(['serve', 'proxy'] as const)('dnsmasq itself takes the configuration: %s', async (mode) => {
  await stockTftpRoot(join(folder, 'tftp'));
  await writeFile(join(folder, 'hosts'), renderHosts([{ mac: '52:54:00:00:00:01', address: '192.168.77.60' }]));
  await writeFile(join(folder, 'conf'), renderDhcp(setting({ mode, user: userInfo().username })));
  await checkDnsmasqConfig(join(folder, 'conf'));
});

test('a configuration that dnsmasq refuses is named', async () => {
  await writeFile(join(folder, 'conf'), 'nonsense=1\n');
  await expect(checkDnsmasqConfig(join(folder, 'conf'))).rejects.toThrow(/dnsmasq refuses .*conf: .*bad option/s);
});

describe('values that would become configuration are refused (attack A10)', () => {
  test.each(['a\ndhcp-script=/bin/sh', 'a,b', 'a b', 'a#', '', '../x\0'])('%j', (value) => {
    expect(() => renderDhcp(setting({ interfaces: [value] }))).toThrow('cannot be written');
    expect(() => renderDhcp(setting({ bootUrl: `http://x/${value}\n` }))).toThrow('cannot be written');
    expect(() => renderDhcp(setting({ user: value }))).toThrow('cannot be written');
    expect(() => renderDhcp(setting({ networks: [{ ...birth, gateway: `1.2.3.4${value}\n` }] }))).toThrow(
      'cannot be written',
    );
    expect(() => renderDhcp(setting({ networks: [{ ...birth, id: value }] }))).toThrow('cannot be written');
    expect(() => renderHosts([{ mac: value, address: '10.0.0.1' }])).toThrow('cannot be written');
  });
});

test('the MDB decides who is leased what', async () => {
  const db = await throwawayMdb();
  await writeSite(db.mdb, { lent: 8 });
  const { pool, close } = connectMdb({ url: db.url, name: 'test' });
  expect(await leaseNetworks(pool, 'home')).toMatchObject([
    { id: 'birth', cidr: '10.77.0.0/16', first: '10.77.1.0', last: '10.77.1.7', gateway: '10.77.0.1' },
    { id: 'main', cidr: '10.1.0.0/16' },
  ]);
  const unknownMachine = {
    siteId: 'home',
    mac: '52:54:00:00:00:01',
    uuid: null,
    serial: null,
    vendor: null,
    product: null,
  };
  await registerUnknownMachine(db.mdb, { ...unknownMachine, firmware: 'bios', source: '10.77.1.5' });
  expect(await leases(pool, 'home')).toEqual([{ mac: unknownMachine.mac, address: '10.77.1.5' }]);
  await db.mdb.update(machines).set({ bootState: 'healthy', address: '10.1.0.65' });
  expect(await leases(pool, 'home')).toEqual([{ mac: unknownMachine.mac, address: '10.1.0.65' }]);
  await close();
  await db.close();
});

// It binds the DHCP port on loopback, which needs root; elsewhere the configuration test above stands for it.
test.skipIf(process.getuid?.() !== 0)(
  'dnsmasq is started, follows the MDB, is started again when it dies, and is stopped',
  async () => {
    const db = await throwawayMdb();
    await writeSite(db.mdb, { lent: 8 });
    const { pool, close } = connectMdb({ url: db.url, name: 'test' });
    const said: string[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => void said.push(line) });
    const leasing = createLeasing({
      ...{ pool, siteId: 'home', mode: 'serve', interfaces: ['lo'], bootUrl: 'http://127.0.0.1:8080' },
      ...{ folder: join(folder, 'dnsmasq'), tftpRoot: folder, log },
    });
    const logged = (what: RegExp) => expect.poll(() => said.filter((line) => what.test(line)).length);
    expect(await leasing.follow()).toBe(true);
    await logged(/DHCP, IP range/).toBeGreaterThan(0);
    const unknownMachine = {
      siteId: 'home',
      mac: '52:54:00:00:00:01',
      uuid: null,
      serial: null,
      vendor: null,
      product: null,
    };
    await registerUnknownMachine(db.mdb, { ...unknownMachine, firmware: 'bios', source: '10.77.1.5' });
    await leasing.follow();
    expect(await readFile(join(folder, 'dnsmasq', 'hosts'), 'utf8')).toBe('52:54:00:00:00:01,10.77.1.5\n');
    await logged(/read .*dnsmasq\/hosts/).toBe(2);
    process.kill(Number(await readFile(join(folder, 'dnsmasq', 'pid'), 'utf8')));
    await logged(/dnsmasq ended and is started again/).toBe(1);
    await logged(/started, version/).toBe(2);
    await leasing.stop();
    await logged(/exiting on receipt of SIGTERM/).toBe(2);
    await close();
    await db.close();
  },
);
