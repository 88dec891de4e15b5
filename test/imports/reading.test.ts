import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ImportFormat } from '../../domain/imports/row.ts';
import { readInventory } from '../../integrations/inventory/read.ts';
import { readAside } from '../../integrations/inventory/reading.ts';

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
const read = (text: string, format?: ImportFormat) => readInventory({ text, format });
const none = { rack: null, unit: null, slot: null, serial: null, controller: null, tags: {} };

describe('inventories of other systems', () => {
  it('Ironic: nodes with their ports, the one that boots the network first', () => {
    const { format, inventory } = read(fixture('ironic.json'));
    expect(format).toBe('ironic');
    expect(inventory.problems).toEqual([]);
    expect(inventory.machines).toMatchObject([
      {
        row: 1,
        macs: ['a4:bf:01:10:00:0a', 'a4:bf:01:10:00:0b'],
        controller: { origin: 'https://10.9.1.1', secretRef: null },
        tags: { name: 'r1-n01', resource_class: 'compute.large', CUSTOM_GPU: 'yes' },
      },
      { row: 2, macs: ['a4:bf:01:10:00:1a'], controller: null },
      { row: 3, macs: [], controller: { origin: 'https://10.9.1.3' } },
    ]);
    expect(inventory.remarks).toEqual([
      { row: 2, field: 'driver_info.ipmi_address', detail: expect.stringContaining('speaks IPMI') },
    ]);
    expect(inventory.leftOut.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['driver_info.redfish_password', 'properties.capabilities', 'extra']),
    );
  });

  it('Ironic: what the command line lists has no MACs', () => {
    const { format, inventory } = read(fixture('ironic-cli.json'));
    expect(format).toBe('ironic');
    expect(inventory.machines).toEqual([{ ...none, row: 1, macs: [], tags: { name: 'r1-n01' } }]);
    expect(inventory.leftOut).toEqual([]);
  });

  it('NetBox: servers with their cards, and nothing else that stands in racks', () => {
    const { format, inventory } = read(fixture('netbox.json'));
    expect(format).toBe('netbox');
    expect(inventory.machines).toMatchObject([
      {
        row: 1,
        macs: ['b0:7b:25:00:00:02', 'b0:7b:25:00:00:03'],
        ...{ serial: '7XK2RT3', rack: 'Row-B-07', unit: 12, controller: { origin: 'https://10.9.7.12' } },
        tags: {
          name: 'web-01',
          role: 'Server',
          location: 'Hall 2',
          tenant: 'Web team',
          asset_tag: 'INV-0417',
          nvme: 'yes',
        },
      },
      { row: 4, macs: ['b0:7b:25:00:00:13'], rack: null, unit: null },
    ]);
    expect(inventory.remarks.map(({ row, field }) => [row, field])).toEqual([
      [2, 'role'],
      [3, 'status'],
      [4, 'position'],
    ]);
    expect(inventory.leftOut.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['custom_fields', 'device_type']),
    );
  });

  it('NetBox: its exported table', () => {
    const { format, inventory } = read(fixture('netbox.csv'));
    expect(format).toBe('netbox');
    expect(inventory.machines).toMatchObject([
      { row: 2, macs: [], serial: '7XK2RT3', rack: 'B07', unit: 12, tags: { nvme: 'yes', edge: 'yes' } },
    ]);
    expect(inventory.remarks).toMatchObject([{ row: 3, field: 'role' }]);
  });

  it('MAAS: with its power parameters', () => {
    const { format, inventory } = read(fixture('maas.json'));
    expect(format).toBe('maas');
    expect(inventory.machines).toMatchObject([
      {
        macs: ['98:03:9b:00:00:05', '98:03:9b:00:00:06'],
        ...{ serial: 'CZJ0341ABC', controller: { origin: 'https://10.9.2.5' } },
        tags: { name: 'calm-moth', zone: 'zone-b', maas_pool: 'batch', nvme: 'yes', 'pxe-test': 'yes' },
      },
      { macs: ['98:03:9b:00:00:15'], serial: null, controller: null },
    ]);
    expect(inventory.leftOut.map(({ field }) => field)).toContain('power_parameters.power_pass');
    const apart = JSON.parse(fixture('maas.json')).map(
      ({ power_parameters: _, ...one }: object & { power_parameters?: object }) => one,
    );
    const beside = JSON.stringify({ machines: apart, power_parameters: { y7ndwf: { power_address: '10.9.2.9' } } });
    expect(read(beside, 'maas').inventory.machines[0]?.controller?.origin).toBe('https://10.9.2.9');
  });

  it('Metal3: hosts, and no Secret', () => {
    const { format, inventory } = read(fixture('metal3.yaml'));
    expect(format).toBe('metal3');
    expect(inventory.machines).toMatchObject([
      {
        row: 2,
        macs: ['00:5c:52:31:3a:9c', '00:5c:52:31:3a:9d'],
        ...{ serial: 'S411234X2', controller: { origin: 'https://10.9.3.7', secretRef: 'rack3-bmc' } },
        tags: { name: 'worker-0', namespace: 'metal3', tier: 'gold' },
      },
      { row: 3, macs: ['00:5c:52:31:3a:ac'], controller: null },
    ]);
    expect(inventory.remarks.map(({ row, field }) => [row, field])).toEqual([
      [1, null],
      [2, 'metadata.labels.infrastructure.example/zone'],
      [3, 'spec.bmc.address'],
    ]);
  });

  it('Tinkerbell: hardware with the controller that it refers to', () => {
    const { format, inventory } = read(fixture('tinkerbell.yaml'));
    expect(format).toBe('tinkerbell');
    expect(inventory.machines).toMatchObject([
      {
        macs: ['3c:ec:ef:4c:4f:54', '3c:ec:ef:4c:4f:55'],
        controller: { origin: 'https://10.9.4.2', secretRef: 'sm01-auth' },
      },
    ]);
    expect(inventory.remarks).toMatchObject([{ row: 3, detail: 'is tinkerbell.org/Workflow, which is no machine' }]);
  });

  it('never take a password along', () => {
    for (const name of ['ironic.json', 'maas.json', 'metal3.yaml'])
      expect(JSON.stringify(read(fixture(name)))).not.toMatch(/canary|Y2FuYXJ5/);
  });
});

describe('an inventory for Farrier', () => {
  it('is a table, a list or YAML, and the same in each', () => {
    const table = read(fixture('machines.csv'));
    expect(table.format).toBe('csv');
    expect(table.inventory.problems).toEqual([]);
    expect(table.inventory.leftOut).toEqual([{ field: 'colour', rows: 2 }]);
    expect(table.inventory.machines[0]).toEqual({
      ...{
        row: 2,
        macs: ['52:54:00:aa:00:01', '52:54:00:aa:00:02'],
        serial: 'SN-7781A',
        rack: 'A01',
        unit: 3,
        slot: null,
      },
      ...{ controller: { origin: 'https://10.9.0.11', secretRef: 'rack-a01' }, tags: { name: 'web 1', sla: 'gold' } },
    });
    const semicolons = fixture('machines.csv').replaceAll(',', ';');
    expect(read(`\uFEFF${semicolons.replaceAll('\n', '\r\n')}`).inventory).toEqual(table.inventory);
    const list = [
      {
        ...{
          mac: '52:54:00:aa:00:01',
          macs: ['52:54:00:aa:00:02'],
          name: 'web 1',
          rack: 'A01',
          unit: 3,
          serial: 'SN-7781A',
        },
        ...{ bmc: { origin: '10.9.0.11', secret: 'rack-a01' }, tags: { sla: 'gold' } },
      },
    ];
    const same = { ...table.inventory.machines[0], row: 1 };
    expect(read(JSON.stringify(list)).inventory.machines).toEqual([same]);
    expect(read(JSON.stringify({ machines: list }), 'yaml').inventory.machines).toEqual([same]);
    const yaml = read('- mac: 52:54:00:aa:00:01\n  rack: A01\n  unit: 3\n---\n- mac: 52:54:00:aa:00:11\n');
    expect(yaml).toMatchObject({ format: 'yaml', inventory: { problems: [], machines: [{ unit: 3 }, { row: 2 }] } });
  });

  it.each([
    ['a formula', 'mac,name\n52:54:00:aa:00:01,"=HYPERLINK(""http://x"",""y"")"', 2, 'name', 'is a formula'],
    ['no MAC', 'mac,name\nroot:calvin,x', 2, 'mac', 'is not the MAC of a machine'],
    ['a multicast MAC', 'mac\n01:00:5e:00:00:01', 2, 'mac', 'is not the MAC of a machine'],
    ['none at all', 'mac,rack,unit\n,A01,3', 2, 'mac', 'is missing'],
    [
      'a unit that is none',
      'mac,rack,unit\n52:54:00:aa:00:01,A01,3.5',
      2,
      'unit',
      'is not a whole number from 1 to 64',
    ],
    ['a unit without rack', 'mac,unit\n52:54:00:aa:00:01,3', 2, 'unit', 'needs its rack'],
    [
      'a filler as serial number',
      'mac,serial\n52:54:00:aa:00:01,To be filled by O.E.M.',
      2,
      'serial',
      'is no serial number',
    ],
    [
      'a controller with a password',
      'mac,bmc\n52:54:00:aa:00:01,https://a:b@10.9.0.1',
      2,
      'bmc',
      'has a name or a password in it',
    ],
    [
      'a reserved tag',
      'mac,tag.pool\n52:54:00:aa:00:01,x',
      2,
      'tag.pool',
      'cannot be a tag: the name pool is reserved: it means something else already',
    ],
    [
      'an object for a text',
      '[{"mac":"52:54:00:aa:00:01","serial":{"a":1}}]',
      1,
      'serial',
      'is neither text nor a number',
    ],
    ['a list of lists', '[["52:54:00:aa:00:01"]]', 1, null, 'is not a machine with fields'],
  ])('names the row and no value: %s', (_, text, row, field, detail) => {
    expect(read(text).inventory.problems).toEqual([{ row, field, detail }]);
  });

  it('finds what an export has made safe for spreadsheets', () => {
    expect(read("mac,serial\n52:54:00:aa:00:01,'-7781-XQ").inventory).toMatchObject({
      problems: [],
      machines: [{ serial: '-7781-XQ' }],
    });
  });

  it.each([
    ['a prototype', '{"__proto__": {"mac": "x"}}', 'a field is called __proto__'],
    [
      'a prototype further in',
      '[{"mac":"52:54:00:aa:00:01","tags":{"constructor":{"x":1}}}]',
      'a field is called constructor',
    ],
    ['a prototype in YAML', '- mac: 52:54:00:aa:00:01\n  __proto__: {x: 1}', 'a field is called __proto__'],
    ['a prototype as a column', 'mac,__proto__\n52:54:00:aa:00:01,x', 'a column is called __proto__'],
    ['half of JSON', '{"machines": [', 'it is not JSON'],
    ['depth', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'it is nested deeper than 32 levels'],
    ['two columns of one name', 'mac,mac\na,b', 'two of its columns are called mac'],
    ['a quote that does not end', 'mac,name\n52:54:00:aa:00:01,"x', 'is not of this table'],
    ['a cell too many', 'mac,name\n52:54:00:aa:00:01,x,y', 'line 2 is not of this table'],
    ['wrong YAML', '- mac: [', 'document 1 is not YAML'],
    ['too many machines', JSON.stringify(Array(10_001).fill({ mac: '52:54:00:aa:00:01' })), 'more than 10000 machines'],
  ])('refuses %s', (_, text, why) => {
    expect(() => read(text)).toThrow(why);
  });

  it('is not fooled by aliases that multiply, nor by nesting, and holds nobody up', async () => {
    const levels = Array.from({ length: 9 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [x,x,x,x,x,x,x,x,x]'
        : `l${level}: &l${level} [${Array(9)
            .fill(`*l${level - 1}`)
            .join(',')}]`,
    );
    await expect(readAside({ text: levels.join('\n'), format: 'yaml' })).rejects.toThrow(
      'repeats itself beyond all measure',
    );
    const nested = `a: ${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    await expect(readAside({ text: nested, format: 'yaml' })).rejects.toThrow('not YAML: RESOURCE_EXHAUSTION');
    const long = `${fixture('machines.csv')}${'\n'.repeat(70_000)}`;
    await expect(readAside({ text: long })).resolves.toMatchObject({ format: 'csv', inventory: { problems: [] } });
    const bomb = `${levels.join('\n')}\n#${'x'.repeat(70_000)}`;
    await expect(readAside({ text: bomb, format: 'yaml' })).rejects.toThrow('beyond all measure');
  });
});
