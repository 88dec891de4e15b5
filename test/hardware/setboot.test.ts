import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { intents } from '../../mdb/schema.ts';
import { personalities } from '../../sim/bmc/personalities.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { type Acting, actingOn } from './acting.ts';

type Family = keyof typeof personalities;

let db: ThrowawayMdb;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());

async function on(family: Family, work: (acting: Acting) => Promise<void>): Promise<void> {
  const acting = await actingOn(db, family);
  try {
    await work(acting);
  } finally {
    await acting.close();
  }
}

describe('what is booted from', () => {
  test.each(Object.keys(personalities) as Family[])('is set once and taken back, by one write each, on %s', (family) =>
    on(family, async (acting) => {
      expect(await acting.act('set-boot', { target: 'bios' })).toMatchObject({ state: 'done' });
      expect(acting.machine.state.override).toMatchObject({ target: 'BiosSetup', enabled: 'Once' });
      const off = await acting.act('set-boot', { target: 'none' }, { intentId: `${acting.machineId}-off` });
      expect(off).toMatchObject({ state: 'done' });
      expect(acting.machine.state.override).toMatchObject({ enabled: 'Disabled' });
      expect(await acting.effects('boot-override', 'power-on')).toEqual(['boot-override', 'boot-override']);
    }),
  );

  test('stays set where the controller offers that, and is refused where it does not (quirk 42)', async () => {
    await on('standard', async (acting) => {
      expect(await acting.act('set-boot', { target: 'disk', how: 'always' })).toMatchObject({ state: 'done' });
      expect(acting.machine.state.override).toMatchObject({ target: 'Hdd', enabled: 'Continuous' });
    });
    await on('xcc', async (acting) => {
      expect(await acting.act('set-boot', { target: 'usb', how: 'always' })).toMatchObject({
        state: 'not_done',
        observed: 'the controller overrides the boot Disabled or Once only, not Continuous',
      });
      expect(await acting.effects('boot-override', 'boot-order')).toEqual([]);
    });
  });

  test('stays by the order of the firmware where the boot is overridden once only (quirk 42)', () =>
    on('xcc', async (acting) => {
      const always = (target: 'disk', id: string) =>
        acting.act('set-boot', { target, how: 'always' }, { intentId: `${acting.machineId}-${id}` });
      expect(await always('disk', 'a')).toMatchObject({
        state: 'done',
        command: { boot: { BootOrder: ['Boot0002', 'Boot0003', 'Boot0001'] } },
      });
      expect(await always('disk', 'b')).toMatchObject({ state: 'done', observed: expect.stringContaining('already') });
      expect(await acting.effects('boot-order', 'boot-override')).toEqual(['boot-order']);
    }));

  test('is not asked for where it is not offered', () =>
    on('supermicro', async (acting) => {
      // UefiHttp appears only once the BIOS is told to (quirk 43).
      const http = await acting.act('set-boot', { target: 'http' });
      expect(http).toMatchObject({
        state: 'not_done',
        observed: expect.stringContaining('no boot from http, but from'),
      });
      const uri = await acting.act('set-boot', { target: 'pxe', uri: 'http://10.0.0.1/x.efi' }, { intentId: 'uri' });
      expect(uri).toMatchObject({ state: 'not_done', observed: 'the controller takes no address to boot from' });
    }));
});

describe('power', () => {
  test('is cut when the system does not shut down in its time, by a second command under an intent of its own', () =>
    on('standard', async (acting) => {
      await acting.act('power-on');
      // Firmware does not hear the request to shut down.
      const off = await acting.act('power-off', { timeout: 5000 });
      expect(off).toMatchObject({ state: 'done', command: { reset: 'ForceOff' } });
      expect(await acting.effects('power-on', 'power-off', 'power-ignored')).toEqual([
        'power-on',
        'power-ignored',
        'power-off',
      ]);
      expect(await acting.settle('power-off')).toMatchObject({ state: 'done' });
    }));

  test('is left on where only a graceful shutdown was asked for', () =>
    on('standard', async (acting) => {
      await acting.act('power-on');
      const off = await acting.act('power-off', { how: 'graceful-only', timeout: 2000 });
      expect(off).toMatchObject({ state: 'unknown' });
      expect(acting.machine.state.power).toBe('on');
    }));

  test.each([
    ['standard', ['power-on', 'power-off', 'power-on']],
    ['ilo6', ['power-on', 'power-off', 'power-on']],
    ['ami', ['power-on', 'power-off', 'power-on']],
  ] as const)('is cycled on %s, by one command or by two', (family, effects) =>
    on(family, async (acting) => {
      const off = await acting.act('power-cycle', {}, { intentId: `${acting.machineId}-off` });
      expect(off).toMatchObject({ state: 'not_done', observed: expect.stringContaining('no power to cycle') });
      await acting.act('power-on');
      expect(await acting.act('power-cycle')).toMatchObject({ state: 'done' });
      expect(await acting.effects('power-on', 'power-off')).toEqual(effects);
    }),
  );

  test('that is as wanted already is left alone', () =>
    on('idrac9', async (acting) => {
      expect(await acting.act('power-off')).toMatchObject({
        state: 'done',
        observed: expect.stringContaining('already'),
      });
      expect(await acting.effects('power-on', 'power-off')).toEqual([]);
    }));

  test('of which only the first half was done is told so, and whoever settles it does not send the second', () =>
    on('ami', async (acting) => {
      const next = { kind: 'power-on', parameters: {}, after: 10_000 };
      await db.mdb.insert(intents).values({
        id: `${acting.machineId}-power-cycle`,
        machineId: acting.machineId,
        kind: 'power-cycle',
        command: { reset: 'ForceOff', next },
        fence: 7,
        state: 'sent',
        before: { power: 'On' },
      });
      expect(await acting.settle('power-cycle')).toMatchObject({
        state: 'not_done',
        observed: expect.stringContaining('no intent to power-on was written'),
      });
      expect(acting.machine.state.power).toBe('off');
    }));
});
