import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { personalities } from '../../sim/bmc/personalities.ts';
import { defaultBios } from '../../sim/bmc/personality.ts';
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

const pending = (acting: Acting) => acting.effects('bios-pending');

describe('BIOS settings', () => {
  // X10 and OpenBMC show none, or no way to set them (quirks 3 and 47).
  const settable = (Object.keys(personalities) as Family[]).filter((family) => !['x10', 'openbmc'].includes(family));

  test.each(settable)('of a controller like %s go back to their defaults by one command, at the next start', (family) =>
    on(family, async (acting) => {
      const { machine } = acting;
      const defaults = defaultBios(personalities[family], machine.hardware.model.firmware);
      const [name = '', value] = Object.entries(defaults).find(([one]) => one !== 'BootMode') ?? [];
      machine.state.bios[name] = typeof value === 'number' ? value + 1 : 'Changed';
      expect(await acting.act('reset-bios')).toMatchObject({ state: 'done', observed: 'the defaults are pending' });
      expect(machine.state.bios).not.toEqual(defaults);
      await acting.act('restart');
      await expect.poll(() => machine.state.bios).toEqual(defaults);
      expect(await pending(acting)).toHaveLength(1);
    }),
  );

  test('of a controller that has none are not reset', () =>
    on('x10', async (acting) => {
      expect(await acting.act('reset-bios')).toMatchObject({ state: 'not_done' });
      expect(await pending(acting)).toEqual([]);
    }));

  test('of a controller that shows none are reset once, which nobody can see before the next start', () =>
    on('openbmc', async (acting) => {
      expect(await acting.act('reset-bios')).toMatchObject({ state: 'unknown', waitsFor: 'restart' });
      expect(await acting.settle('reset-bios')).toMatchObject({ state: 'unknown', waitsFor: 'restart' });
      expect(await pending(acting)).toHaveLength(1);
    }));

  test('are not written while a job for them is in the queue, which is left alone (quirk 48)', () =>
    on('idrac9', async (acting) => {
      const set = (kind: 'set-bios' | 'reset-bios', intentId: string, value = 'Disabled') =>
        acting.act(kind, kind === 'set-bios' ? { attributes: { LogicalProc: value } } : {}, { intentId });
      expect(await set('set-bios', `${acting.machineId}-first`)).toMatchObject({ state: 'done' });
      for (const kind of ['set-bios', 'reset-bios'] as const)
        expect(await set(kind, `${acting.machineId}-second-${kind}`, 'Enabled')).toMatchObject({
          state: 'not_done',
          observed: expect.stringMatching(/BIOS job in its queue: ConfigBIOS:BIOS.Setup.1-1 \(JID_\d+\): Scheduled/),
        });
      expect(await pending(acting)).toHaveLength(1);
      await acting.act('restart');
      await expect.poll(() => acting.machine.state.bios.LogicalProc).toBe('Disabled');
      expect(await set('set-bios', `${acting.machineId}-third`, 'Enabled')).toMatchObject({ state: 'done' });
    }));

  test('that are so already, or will be, are not written again', () =>
    on('ilo6', async (acting) => {
      const set = (value: string, intentId: string) =>
        acting.act('set-bios', { attributes: { Sriov: value } }, { intentId });
      expect(await set('Disabled', `${acting.machineId}-a`)).toMatchObject({ state: 'done' });
      expect(await pending(acting)).toHaveLength(0);
      expect(await set('Enabled', `${acting.machineId}-b`)).toMatchObject({ state: 'done' });
      expect(await set('Enabled', `${acting.machineId}-c`)).toMatchObject({ state: 'done' });
      expect(await pending(acting)).toHaveLength(1);
      // Back before the restart: in force it is so, but it would not stay.
      expect(await set('Disabled', `${acting.machineId}-d`)).toMatchObject({ state: 'done' });
      expect(await pending(acting)).toHaveLength(2);
    }));

  test('that are listed and then dropped are found out by reading them after the restart (quirk 51)', () =>
    on('xcc', async (acting) => {
      const attributes = { Power_WorkloadConfiguration: 'IOSensitive', Processors_HyperThreading: 'Disabled' };
      expect(await acting.act('set-bios', { attributes })).toMatchObject({ state: 'done' });
      await acting.act('restart');
      await expect.poll(() => acting.machine.state.bios.Processors_HyperThreading).toBe('Disabled');
      const again = await acting.act('set-bios', { attributes }, { intentId: `${acting.machineId}-dry`, dryRun: true });
      expect(again).toMatchObject({
        state: 'planned',
        command: { attributes: { Power_WorkloadConfiguration: 'IOSensitive' } },
      });
    }));

  test('with a value that is no setting are refused before anything is read', () =>
    on('standard', async (acting) => {
      const attributes = { BootMode: ['Uefi'] } as unknown as Record<string, string>;
      expect(await acting.act('set-bios', { attributes })).toMatchObject({
        state: 'not_done',
        observed: expect.stringContaining('parameters of set-bios'),
      });
    }));
});
