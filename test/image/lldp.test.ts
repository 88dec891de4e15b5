import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
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
  return readAs([], ...parts);
}

/** On a machine whose NICs have these MACs. */
async function readAs(own: readonly string[], ...parts: Buffer[]) {
  const file = join(mkdtempSync(join(tmpdir(), 'farrier-lldp-')), 'frame');
  writeFileSync(file, Buffer.concat(parts));
  const { code, out } = await runTool('lldp', ['--frame', file, 'eth0', ...own]);
  return { code, records: parseRecords(out.toString()) };
}
const fieldsOf = async (...parts: Buffer[]) => (await read(head, ...parts)).records[0]?.fields ?? {};

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
  expect(records).toMatchObject([{ kind: 'lldp', fields }]);
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

const mac = (text: string) => Buffer.from(text.replaceAll(':', ''), 'hex');
const ttl = (seconds: number) => element(3, Buffer.from([seconds >> 8, seconds & 255]));

describe('N-1: padding', () => {
  it.each(['swp1\0', 'swp1\0\0\0\0', 'swp1  ', ' swp1', 'swp1\0 \0', 'swp1\r\n', 'swp1\t', 'swp1\0left over'])(
    'N-1: the port id %j is swp1',
    async (id) => {
      expect((await fieldsOf(chassis, element(2, `\x05${id}`), end)).port).toBe('swp1');
    },
  );

  it('N-1: any text of a switch may be padded', async () => {
    const name = element(1, '\x07leaf-1\0\0');
    const fields = await fieldsOf(name, port, element(4, 'rack A07 u12 \0'), element(5, ' sw-a07\0'), end);
    expect(fields).toMatchObject({ chassis: 'leaf-1', port_description: 'rack A07 u12', system: 'sw-a07' });
  });

  it('N-1: an address is no text, and nothing of it is padding', async () => {
    const fields = await fieldsOf(
      element(1, Buffer.from([4, 2, 0, 0, 0xaa, 0x20, 0])),
      element(2, Buffer.from([3, 2, 0, 0, 0, 0, 0])),
      end,
    );
    expect(fields).toMatchObject({ chassis: '02:00:00:aa:20:00', port: '02:00:00:00:00:00' });
  });

  it('N-1: a port id of nothing but padding is none', async () => {
    expect((await read(head, chassis, element(2, '\x05\0\0 '), end)).code).toBe(2);
  });
});

describe('B-10: what is not text is written in hexadecimal', () => {
  const ids = [
    ['an address of a family that has no other form', Buffer.from([5, 6, 1, 2, 3, 4, 5, 6])],
    ['another one', Buffer.from([5, 6, 1, 2, 3, 4, 5, 7])],
    ['an IPv4 address that is cut', Buffer.from([5, 1, 10, 0, 0])],
    ['a local id of bytes', Buffer.from([7, 1, 2, 3, 4])],
    ['a local id of other bytes', Buffer.from([7, 1, 2, 3, 5])],
    ['a MAC of eight octets', Buffer.from([4, 0, 1, 2, 3, 4, 5, 6, 7])],
    ['a short name with a control character', Buffer.from([7, 0x73, 0x77, 1])],
    ['a short name with another', Buffer.from([7, 0x73, 0x77, 2])],
  ] as const;

  it.each(ids)('B-10: the chassis id is %s', async (_, id) => {
    expect((await fieldsOf(element(1, id), port, end)).chassis).toBe(id.subarray(1).toString('hex'));
  });

  it('B-10: so is a port id', async () => {
    const id = Buffer.from([6, 0, 4, 0, 1, 0, 2]);
    expect((await fieldsOf(chassis, element(2, id), end)).port).toBe(id.subarray(1).toString('hex'));
  });

  it.each([
    [Buffer.from([5, 1, 10, 1, 0, 2]), '10.1.0.2'],
    [Buffer.from('050220010db8000000000000000000000001', 'hex'), '2001:db8::1'],
  ])('B-10: an address that has another form is written in it', async (id, text) => {
    expect((await fieldsOf(element(1, id), port, end)).chassis).toBe(text);
  });

  it('N-2: the kinds of both ids are told', async () => {
    expect(await fieldsOf(chassis, port, end)).toMatchObject({ chassis_subtype: '4', port_subtype: '5' });
  });
});

describe('N-3: who is no switch', () => {
  const nic = '02:00:00:00:00:01';

  it.each([
    ['that says it goes', [head, chassis, port, ttl(0), end]],
    ['from a NIC of this machine', [head, chassis, port, ttl(120), end]],
    [
      'whose chassis is a NIC of this machine',
      [
        Buffer.concat([head.subarray(0, 6), mac('02:00:00:99:99:99'), head.subarray(12)]),
        element(1, Buffer.concat([Buffer.from([4]), mac(nic)])),
        port,
        ttl(120),
        end,
      ],
    ],
  ])('N-3: a frame %s is passed over', async (_, parts) => {
    expect((await readAs(['02:00:00:00:00:07', nic.toUpperCase()], ...parts)).code).toBe(2);
  });

  it('N-3: a frame of anybody else is heard', async () => {
    expect((await readAs(['02:00:00:00:00:07'], head, chassis, port, ttl(120), end)).code).toBe(0);
  });
});
