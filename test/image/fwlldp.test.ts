/** The LLDP agent in a NIC's firmware, which keeps frames to itself: stopped where the driver lets it, and told. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AgentShell, openShell, whyNoShell } from './shell.ts';

const reason = whyNoShell();

describe.skipIf(reason !== null)(`firmware that speaks LLDP${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'farrier-fwlldp-'));
    const nic = new URL('nic.c', import.meta.url).pathname;
    const flags = `-static -Os -std=gnu11 -D_GNU_SOURCE -Wl,--wrap=ioctl -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu ${nic}`;
    const tools = new URL('../../boot/image/tools', import.meta.url).pathname;
    execFileSync('make', ['-s', '-C', tools, `OUT=${folder}`, `CFLAGS=${flags}`, `${folder}/fwlldp`]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function stop(nic: string) {
    const log = join(folder, 'log');
    rmSync(log, { force: true });
    const env = { ...process.env, NIC: nic, NIC_LOG: log };
    const { status, stdout, stderr } = spawnSync(join(folder, 'fwlldp'), ['eth0'], { env, encoding: 'utf8' });
    return {
      status,
      said: stdout.trim() + stderr.trim(),
      set: existsSync(log) ? readFileSync(log, 'utf8').trim() : null,
    };
  }

  it.each([
    ['X710, which has a flag to switch it off', 'link-down-on-close=1,disable-fw-lldp=0', '3'],
    ['E810, which has a flag for its being on', 'link-down-on-close=1,fw-lldp-agent=1,vf-vlan=0', '1'],
  ])('B-7: is stopped on an %s, and no other flag is touched', (_, nic, set) => {
    expect(stop(nic)).toEqual({ status: 0, said: 'stopped', set });
  });

  it.each([
    ['has none', 'link-down-on-close=0'],
    ['has no flags', ''],
    ['was told before: X710', 'disable-fw-lldp=1'],
    ['was told before: E810', 'fw-lldp-agent=0'],
  ])('B-7: a NIC that %s is left as it is', (_, nic) => {
    expect(stop(nic)).toEqual({ status: 3, said: '', set: null });
  });

  it.each([
    ['refuses', /not supported/i],
    ['ignores it', /still/],
  ])('B-7: a driver that %s is told, and never believed', (word, said) => {
    expect(stop(`disable-fw-lldp=0 ${word}`)).toMatchObject({ status: 1, said: expect.stringMatching(said) });
  });

  describe('in the agent', () => {
    let shell: AgentShell;
    beforeEach(() => {
      shell = openShell();
      for (const [name, mac] of [
        ['eth0', '02:00:00:00:00:01'],
        ['eth1', '02:00:00:00:00:02'],
        ['eth2', '02:00:00:00:00:03'],
      ]) {
        shell.put(`sys/class/net/${name}/address`, mac ?? '');
        shell.put(`sys/class/net/${name}/device/vendor`, '0x8086');
      }
    });
    afterEach(() => shell.close());

    it('B-7: every NIC is asked before it is listened on, and what came of it is in the step that heard the switch', async () => {
      const { out, told } = await shell.run(`mac=02:00:00:00:00:01 lldp_seconds=1
        ip() { echo "ip $*" >>$HERE/order; }
        fwlldp() { echo "fwlldp $1" >>$HERE/order; case $1 in eth0) echo stopped ;; eth1) echo 'no way' >&2; return 1 ;; *) return 3 ;; esac; }
        lldp() { echo "lldp $1" >>$HERE/order; echo "lldp nic=$1 chassis=x port=y system=sw-a07"; }
        udhcpc() { :; }
        network_up; wait; take_inventory; cat $HERE/order`);
      const order = out.split('\n').filter((line) => /eth0/.test(line));
      expect(order.slice(0, 3)).toEqual(['fwlldp eth0', 'ip link set eth0 up', 'lldp eth0']);
      const received = told.find((line) => line.includes('name=lldp') && line.includes('state=done'));
      expect(decodeURIComponent(received ?? '')).toMatch(/message=sw-a07; .*eth0.*stopped.*eth1.*no way/);
      expect(received).not.toContain('eth2');
    });
  });
});
