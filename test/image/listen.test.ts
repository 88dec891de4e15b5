/** The listener on a real link: a pair of virtual NICs in a network namespace of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRecords } from '../../contract/records.ts';
import { inside, ip, ipIn, whyNoLink } from './link.ts';
import { buildTools } from './tools.ts';

const reason = whyNoLink();
const name = `farrier-lldp-${process.pid}`;

const element = (type: number, value: Buffer | string) => {
  const body = Buffer.from(value);
  return Buffer.concat([Buffer.from([(type << 1) | (body.length >> 8), body.length & 255]), body]);
};
const hex = (mac: string) => Buffer.from(mac.replaceAll(':', ''), 'hex');

interface Neighbour {
  readonly from: string;
  readonly port: string;
  readonly seconds?: number;
  /** Enabled capabilities: 4 is a bridge, 16 a router, 128 a station. */
  readonly enabled?: number;
}

function frame({ from, port, seconds = 120, enabled }: Neighbour): Buffer {
  const bits = enabled === undefined ? [] : [element(7, Buffer.from([0, 0xff, enabled >> 8, enabled & 255]))];
  const ids = [element(1, Buffer.concat([Buffer.from([4]), hex(from)])), element(2, `\x05${port}`)];
  const ttl = element(3, Buffer.from([seconds >> 8, seconds & 255]));
  return Buffer.concat([
    hex('0180c200000e'),
    hex(from),
    Buffer.from([0x88, 0xcc]),
    ...ids,
    ttl,
    ...bits,
    element(0, ''),
  ]);
}

describe.skipIf(reason !== null)(`listening for a switch${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  let own: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'farrier-listen-'));
    execFileSync('musl-gcc', [
      '-static',
      '-Os',
      '-o',
      join(folder, 'send'),
      new URL('send.c', import.meta.url).pathname,
      '-idirafter',
      '/usr/include',
      '-idirafter',
      '/usr/include/x86_64-linux-gnu',
    ]);
    ip('netns', 'add', name);
    ipIn(name, 'link', 'add', 'nic', 'type', 'veth', 'peer', 'name', 'switch');
    for (const link of ['nic', 'switch']) ipIn(name, 'link', 'set', link, 'up');
    own = /link\/ether (\S+)/.exec(ipIn(name, 'link', 'show', 'nic'))?.[1] ?? '';
  });
  afterAll(() => {
    ip('netns', 'del', name);
    rmSync(folder, { recursive: true, force: true });
  });

  async function hear(seconds: number, ...neighbours: Neighbour[]) {
    const start = (...words: string[]) => spawn(...inside(name, ...words), { stdio: ['ignore', 'pipe', 'inherit'] });
    const files = neighbours.map((one, index) => {
      const file = join(folder, String(index));
      writeFileSync(file, frame(one));
      return file;
    });
    const listener = start(join(buildTools(), 'lldp'), 'nic', String(seconds));
    let out = '';
    listener.stdout?.on('data', (text) => (out += text));
    const over = new Promise<number | null>((resolve) => listener.once('close', resolve));
    let talking = true;
    void over.then(() => (talking = false));
    // A switch says it again and again; the first time may be before anybody listens.
    while (talking) {
      const sender = start(join(folder, 'send'), 'switch', ...files);
      await new Promise((resolve) => sender.once('close', resolve));
    }
    return { code: await over, ports: parseRecords(out).map(({ fields }) => fields['port']) };
  }

  const leaf = { from: '02:00:00:aa:00:01', port: 'swp7' };

  it("N-3: passes the NIC's own frames and farewells over, and listens on", async () => {
    const others = [
      { from: own, port: 'own' },
      { ...leaf, port: 'gone', seconds: 0 },
      { ...leaf, enabled: 4 },
    ];
    expect(await hear(60, ...others)).toEqual({ code: 0, ports: ['swp7'] });
  });

  it('N-3: a neighbour that says it is no bridge is told last, and only what is heard within the time', async () => {
    const station = { from: '02:00:00:00:05:05', port: 'eth0', enabled: 128 };
    // The listener is there before the switch speaks: two seconds of the other.
    const before = Array.from({ length: 20 }, () => station);
    expect(await hear(60, ...before, { ...leaf, enabled: 20 })).toEqual({ code: 0, ports: ['swp7', 'eth0'] });
    expect(await hear(2, station)).toEqual({ code: 0, ports: ['eth0'] });
  });

  it('N-3: nobody but itself is nobody', async () => {
    expect(await hear(2, { from: own, port: 'own' })).toEqual({ code: 2, ports: [] });
  });
});
