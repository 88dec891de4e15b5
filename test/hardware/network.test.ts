import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { machines } from '../../mdb/schema.ts';
import { systemPath, told } from '../redfish/hostile.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { type Against, actingAgainst, resetCall } from './against.ts';

let db: ThrowawayMdb;
let one: Against;
const patch = `PATCH ${systemPath}`;
const optionsPath = `${systemPath}/BootOptions`;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());
beforeEach(async () => {
  one = await actingAgainst(db);
  one.does(resetCall, () => one.shows({ PowerState: 'On' }));
});
afterEach(() => one?.close());

const idle = {
  BootSourceOverrideTarget: 'None',
  BootSourceOverrideEnabled: 'Disabled',
  BootSourceOverrideMode: 'UEFI',
};

describe('B-1: a boot override is read back before the reset', () => {
  it('B-1: that was answered with a success and dropped, takes the reset with it', async () => {
    one.shows({ Boot: idle });
    // Answered with 204, and nothing happens.
    expect(await one.act('boot-network')).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('no reset was sent'),
    });
    expect(one.bmc.count(patch)).toBe(1);
    expect(one.bmc.count(resetCall)).toBe(0);
  });

  it.each([
    ['another target', { BootSourceOverrideTarget: 'Hdd', BootSourceOverrideEnabled: 'Once' }],
    ['nothing in force', { BootSourceOverrideTarget: 'Pxe' }],
    [
      'another mode',
      { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideEnabled: 'Once', BootSourceOverrideMode: 'Legacy' },
    ],
  ])('B-1: that became %s, too', async (_, made) => {
    one.shows({ Boot: idle });
    one.does(patch, () => one.shows({ Boot: { ...idle, ...made } }));
    expect((await one.act('boot-network')).state).toBe('not_done');
    expect(one.bmc.count(resetCall)).toBe(0);
  });

  it('B-1: that shows a moment later, is taken', async () => {
    one.shows({ Boot: idle });
    one.does(patch, ({ Boot }) => void setTimeout(() => one.shows({ Boot }), 15));
    expect(await one.act('boot-network')).toMatchObject({ state: 'done' });
    expect(one.bmc.count(resetCall)).toBe(1);
  });
});

const options = {
  Boot0001: { UefiDevicePath: 'PciRoot(0x0)/Pci(0x2,0x0)/Sata(0x0)/HD(1,GPT,AA)', DisplayName: 'HardDisk' },
  Boot0002: { UefiDevicePath: 'PciRoot(0x0)/Pci(0x3,0x0)/MAC(0250AA,0x1)/IPv4(0.0.0.0)', DisplayName: 'Network' },
};

function listsOptions(all: Record<string, object> = options): void {
  one.shows({ Members: Object.keys(all).map((id) => ({ '@odata.id': `${optionsPath}/${id}` })) }, optionsPath);
  for (const [id, option] of Object.entries(all))
    one.shows({ BootOptionReference: id, ...option }, `${optionsPath}/${id}`);
}

describe('R-5: the mode of a boot override', () => {
  const legacy = { ...idle, BootSourceOverrideMode: 'Legacy' };
  const mode = () => (one.sent(patch).at(-1)?.Boot as Record<string, unknown> | undefined)?.BootSourceOverrideMode;
  beforeEach(() =>
    one.does(patch, ({ Boot }) => one.shows({ Boot: { ...(one.shown().Boot as object), ...(Boot as object) } })),
  );

  it('R-5: is UEFI where all boot options are, whatever is shown of an override that is not in force', async () => {
    listsOptions();
    one.shows({ Boot: { ...legacy, BootOptions: { '@odata.id': optionsPath } } });
    expect(await one.act('boot-network')).toMatchObject({ state: 'done' });
    expect(mode()).toBe('UEFI');
  });

  it('R-5: is UEFI for a target that only UEFI has', async () => {
    one.shows({ Boot: { ...legacy, 'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'UefiHttp'] } });
    expect(await one.act('boot-network')).toMatchObject({ state: 'done' });
    expect(mode()).toBe('UEFI');
  });

  it.each([
    ['uefi', 'Legacy', 'UEFI'],
    ['bios', 'UEFI', 'Legacy'],
  ] as const)(
    'R-5: follows the firmware by which the machine was seen to boot: %s',
    async (firmware, observed, expected) => {
      await db.mdb.update(machines).set({ firmware }).where(eq(machines.id, one.machineId));
      one.shows({ Boot: { ...idle, BootSourceOverrideMode: observed } });
      expect(await one.act('boot-network')).toMatchObject({ state: 'done' });
      expect(mode()).toBe(expected);
    },
  );

  it('R-5: and of one that boots by BIOS is none that wants UEFI', async () => {
    await db.mdb.update(machines).set({ firmware: 'bios' }).where(eq(machines.id, one.machineId));
    one.shows({ Boot: { ...legacy, 'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'UefiHttp'] } });
    expect(await one.act('boot-network')).toMatchObject({ state: 'not_done' });
    expect(one.bmc.count(patch)).toBe(0);
  });

  it('R-5: is left out where the controller does not list the one that is right', async () => {
    one.shows({
      Boot: {
        ...legacy,
        'BootSourceOverrideTarget@Redfish.AllowableValues': ['UefiHttp'],
        'BootSourceOverrideMode@Redfish.AllowableValues': ['Legacy'],
      },
    });
    expect(await one.act('boot-network')).toMatchObject({ state: 'done' });
    expect(mode()).toBeUndefined();
  });
});

describe('R-9: a controller with a boot order and no override', () => {
  const order = ['Boot0001', 'Boot0002'];
  beforeEach(() => {
    listsOptions();
    one.shows({
      PowerState: 'On',
      LastResetTime: '2026-01-01T00:00:00Z',
      Boot: { BootOrder: order, BootOptions: { '@odata.id': optionsPath } },
    });
    one.does(patch, ({ Boot }) => one.shows({ Boot: { ...(one.shown().Boot as object), ...(Boot as object) } }));
    one.does(resetCall, () => one.shows({ LastResetTime: '2026-01-02T00:00:00Z' }));
  });
  const orders = () => one.sent(patch).map(({ Boot }) => (Boot as { BootOrder: unknown }).BootOrder);

  it('R-9: boots the network once by it, and has its order back afterwards', async () => {
    one.does(resetCall, async () => {
      one.shows({ LastResetTime: '2026-01-02T00:00:00Z' });
      await one.bootsNow('bootstrap');
    });
    expect(await one.act('boot-network')).toMatchObject({ state: 'done' });
    expect(orders()).toEqual([['Boot0002', 'Boot0001'], order]);
    expect(one.bmc.count(resetCall)).toBe(1);
  });

  it('R-9: not before the machine has booted by it; and a worker that died owes it', async () => {
    const result = await one.act('boot-network');
    expect(result).toMatchObject({ state: 'unknown', owes: { kind: 'boot-order' } });
    expect(orders()).toEqual([['Boot0002', 'Boot0001']]);
    await one.bootsNow('bootstrap');
    const settled = await one.settle('boot-network');
    expect(settled).toMatchObject({ state: 'done', owes: { kind: 'boot-order' } });
    const { kind, parameters } = settled.owes ?? { kind: 'boot-order' };
    const intentId = `${one.machineId}-boot-network/boot-order`;
    expect(await one.act(kind, parameters as never, { intentId })).toMatchObject({ state: 'done' });
    expect(orders().at(-1)).toEqual(order);
    expect((await one.settle('boot-network')).owes).toBeUndefined();
  });

  it('R-9: at once where the reset was refused', async () => {
    one.bmc.always(resetCall, told(400, 'Base.1.18.ActionParameterNotSupported'));
    expect(await one.act('boot-network')).toMatchObject({ state: 'not_done' });
    expect(orders()).toEqual([['Boot0002', 'Boot0001'], order]);
  });

  it('R-9: leaves an order alone that somebody else has changed meanwhile', async () => {
    one.does(resetCall, async () => {
      one.shows({
        LastResetTime: '2026-01-02T00:00:00Z',
        Boot: { BootOrder: ['Boot0002'], BootOptions: { '@odata.id': optionsPath } },
      });
      await one.bootsNow('bootstrap');
    });
    await one.act('boot-network');
    expect(orders()).toHaveLength(1);
  });
});

describe('R-14: the order of the firmware', () => {
  it('R-14: is the full one where an empty one is pending', async () => {
    const settings = `${systemPath}/Settings`;
    listsOptions();
    one.shows({
      Boot: { BootOrder: ['Boot0002', 'Boot0001'], BootOptions: { '@odata.id': optionsPath } },
      '@Redfish.Settings': { SettingsObject: { '@odata.id': settings } },
    });
    one.shows({ Boot: { BootOrder: [] } }, settings);
    one.shows({
      Boot: {
        ...(one.shown().Boot as object),
        ...idle,
        'BootSourceOverrideEnabled@Redfish.AllowableValues': ['Once', 'Disabled'],
      },
    });
    one.does(`PATCH ${settings}`, ({ Boot }) => one.shows({ Boot }, settings));
    expect(await one.act('set-boot', { target: 'disk', how: 'always' })).toMatchObject({ state: 'done' });
    expect(one.sent(`PATCH ${settings}`)).toEqual([{ Boot: { BootOrder: ['Boot0001', 'Boot0002'] } }]);
  });
});

describe('R-15: a target in either list', () => {
  const settings = `${systemPath}/Settings`;
  const targets = 'BootSourceOverrideTarget@Redfish.AllowableValues';
  beforeEach(() => {
    one.shows({
      Boot: { ...idle, [targets]: ['None', 'Pxe', 'UefiHttp'] },
      '@Redfish.Settings': { SettingsObject: { '@odata.id': settings } },
    });
    one.shows({ Boot: { ...idle, [targets]: ['None', 'Pxe'] } }, settings);
  });

  it('R-15: is asked for', async () => {
    one.does(`PATCH ${settings}`, ({ Boot }) => one.shows({ Boot }, settings));
    expect(await one.act('set-boot', { target: 'http' })).toMatchObject({ state: 'done' });
  });

  it('R-15: is asked for at the system where its settings refuse it', async () => {
    one.bmc.always(`PATCH ${settings}`, told(400, 'Base.1.18.PropertyValueNotInList'));
    one.does(patch, ({ Boot }) => one.shows({ Boot: { ...(one.shown().Boot as object), ...(Boot as object) } }));
    expect(await one.act('set-boot', { target: 'http' })).toMatchObject({ state: 'done' });
    expect(one.bmc.count(patch)).toBe(1);
  });
});

describe('R-31: names of old boards', () => {
  it.each([
    ['usb', ['None', 'Pxe', 'Hdd', 'UsbKey'], 'UsbKey'],
    ['usb', ['None', 'UefiUsbKey'], 'UefiUsbKey'],
    ['disk', ['None', 'Pxe', 'UefiHdd'], 'UefiHdd'],
    ['disk', ['None', 'HardDisk'], 'HardDisk'],
    ['cd', ['UsbFloppy', 'UefiUsbCd'], 'UefiUsbCd'],
    ['cd', ['USB CD/DVD'], 'USB CD/DVD'],
    ['network', ['Network', 'Hdd'], 'Network'],
    ['network', ['UefiPxe', 'Hdd'], 'UefiPxe'],
    ['bios', ['Setup', 'Hdd'], 'Setup'],
  ] as const)('R-31: %s among %j is %s', async (target, listed, expected) => {
    one.shows({ Boot: { ...idle, 'BootSourceOverrideTarget@Redfish.AllowableValues': listed } });
    one.does(patch, ({ Boot }) => one.shows({ Boot: { ...(one.shown().Boot as object), ...(Boot as object) } }));
    expect(await one.act('set-boot', { target })).toMatchObject({ state: 'done' });
    expect(one.sent(patch)).toMatchObject([{ Boot: { BootSourceOverrideTarget: expected } }]);
  });

  it.each([
    ['usb', ['None', 'UsbFloppy', 'UsbCd']],
    ['disk', ['None', 'UefiShell', 'Diags']],
  ] as const)('R-31: %s is not among %j', async (target, listed) => {
    one.shows({ Boot: { ...idle, 'BootSourceOverrideTarget@Redfish.AllowableValues': listed } });
    expect(await one.act('set-boot', { target })).toMatchObject({ state: 'not_done' });
  });
});
