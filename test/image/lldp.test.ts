import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRecords } from '../../contract/records.ts';
import { runTool } from './tools.ts';

const head = Buffer.from('0180c200000e02000000000188cc', 'hex');

function element(type: number, value: Buffer | string): Buffer {
  const body = Buffer.from(value);
  const start = Buffer.alloc(2);
  start.writeUInt16BE((type << 9) | body.length);
  return Buffer.concat([start, body]);
}

const chassis = element(1, Buffer.from([4, 0x02, 0, 0, 0xaa, 0, 1]));
const port = element(2, '\x05swp12');
const end = element(0, '');

async function read(...parts: Buffer[]) {
  const file = join(mkdtempSync(join(tmpdir(), 'farrier-lldp-')), 'frame');
  writeFileSync(file, Buffer.concat(parts));
  const { code, out } = await runTool('lldp', ['--frame', file, 'eth0']);
  return { code, records: parseRecords(out.toString()) };
}

test('a frame becomes a record', async () => {
  const vlan = element(127, Buffer.from([0, 0x80, 0xc2, 1, 0, 42]));
  const { code, records } = await read(
    head,
    chassis,
    port,
    element(4, 'rack A07 u12'),
    element(5, 'sw-a07'),
    vlan,
    end,
  );
  expect(code).toBe(0);
  const fields = {
    nic: 'eth0',
    chassis: '02:00:00:aa:00:01',
    port: 'swp12',
    port_description: 'rack A07 u12',
    system: 'sw-a07',
    vlan: '42',
  };
  expect(records).toEqual([{ kind: 'lldp', fields }]);
});

test('what a switch says stays a value', async () => {
  const { records } = await read(head, chassis, element(2, '\x05a b=c\nlldp x%41"$(reboot)\xff'), end);
  expect(records).toHaveLength(1);
  expect(records[0]?.fields.port).toMatch(/^a b=c-lldp x%41"\$\(reboot\)-+$/);
});

const tooLong = Buffer.from([(2 << 1) | 1, 0xff, 5, 65]);
test.each([
  ['nothing', []],
  ['a header alone', [head]],
  ['another protocol', [Buffer.alloc(14), chassis, port, end]],
  ['no port', [head, chassis, end]],
  ['port before chassis', [head, port, chassis, end]],
  ['two chassis', [head, chassis, chassis, port, end]],
  ['an element that reaches beyond the frame', [head, chassis, tooLong]],
  ['an empty port', [head, chassis, element(2, '\x05'), end]],
  ['a frame that is cut', [Buffer.concat([head, chassis, port]).subarray(0, 26)]],
  ['a frame larger than any', [head, chassis, port, Buffer.alloc(1700)]],
])('%s is no neighbour', async (_what, parts) => {
  expect((await read(...parts)).code).toBe(2);
});
