import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { intents } from '../../mdb/schema.ts';
import { personalities } from '../../sim/bmc/personalities.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { type Acting, actingOn } from './acting.ts';

type Family = keyof typeof personalities;

let db: ThrowawayMdb;
let acting: Acting;

beforeAll(async () => {
  // Each of the families that are asked at once stands for a worker, which holds a connection for its claims.
  db = await throwawayMdb({ connections: 2 * families.length });
  await writeSite(db.mdb);
});
afterAll(() => db?.close());
afterEach(async () => {
  await acting?.close();
  acting = undefined as never;
});

async function open(family: Family, speed = 200): Promise<Acting> {
  acting = await actingOn(db, family, { speed });
  return acting;
}

/** The same on a machine of each family at once: controllers that start again take real seconds to say when. */
async function together<T>(all: readonly Family[], work: (one: Acting) => Promise<T>): Promise<[Family, T][]> {
  return Promise.all(
    all.map(async (family): Promise<[Family, T]> => {
      const one = await actingOn(db, family, { speed: 200 });
      return [family, await work(one).finally(() => one.close())];
    }),
  );
}

const families = Object.keys(personalities) as Family[];
const featuresOf = (family: Family) => personalities[family].features;
const having = (wanted: (features: ReturnType<typeof featuresOf>) => unknown) =>
  families.filter((family) => wanted(featuresOf(family)));
const missing = (wanted: (features: ReturnType<typeof featuresOf>) => unknown) =>
  families.filter((family) => !wanted(featuresOf(family)));

describe('the light to find a machine by', () => {
  test.each(families)('of %s is put on and off by one write each, in its own words', async (family) => {
    await open(family);
    expect(await acting.act('indicator', { on: true })).toMatchObject({ state: 'done' });
    expect(acting.machine.state.controller?.light).toBe(true);
    expect(await acting.act('indicator', { on: true }, { intentId: 'again' })).toMatchObject({
      state: 'done',
      observed: 'the light is on already',
    });
    expect(await acting.act('indicator', { on: false }, { intentId: `${acting.machineId}-off` })).toMatchObject({
      state: 'done',
    });
    expect(acting.machine.state.controller?.light).toBe(false);
    expect(await acting.effects('indicator')).toHaveLength(2);
  });
});

describe('the controller', () => {
  test('of every family is started again by one command, and believed once it settled (quirk 34)', async () => {
    const reported = await together(families, async (one) => ({
      result: await one.act('reset-bmc'),
      effects: await one.effects('bmc-reset'),
    }));
    for (const [family, { result, effects }] of reported) {
      expect(result, family).toMatchObject({ state: 'done', observed: expect.stringMatching(/power is Off, was Off/) });
      expect(effects, family).toHaveLength(1);
    }
  });

  test('that takes the power of the host with it, is told with both (quirk 34)', async () => {
    // Whose busy answer names no time to wait, which would be real seconds.
    await open('idrac9');
    await acting.act('power-on');
    acting.machine.setFault({ kind: 'bmc-reset-power', how: 'drops' });
    expect(await acting.act('reset-bmc')).toMatchObject({
      state: 'done',
      observed: expect.stringContaining('power is Off, was On'),
    });
    expect(await acting.effects('power-on', 'power-off', 'bmc-reset')).toEqual(['power-on', 'bmc-reset', 'power-off']);
  });

  test('that a dead worker had started again, is found done by its own time, and is not sent again', async () => {
    await open('standard');
    const intentId = `${acting.machineId}-reset-bmc`;
    const before = { managerReset: '2020-01-01T00:00:00Z', power: 'Off' };
    await db.mdb.insert(intents).values({
      id: intentId,
      machineId: acting.machineId,
      kind: 'reset-bmc',
      command: {},
      fence: 7,
      state: 'sent',
      sentAt: new Date(),
      before,
    });
    expect(await acting.act('reset-bmc')).toMatchObject({ state: 'unknown' });
    expect(await acting.settle('reset-bmc')).toMatchObject({ state: 'done' });
    expect(await acting.effects('bmc-reset')).toEqual([]);
  });
});

describe('the mains', () => {
  test('are cycled by an action of the vendor, once, where it has one (quirk 33)', async () => {
    const offering = having(({ mains }) => mains);
    const reported = await together(offering, async (one) => {
      await one.act('power-on');
      const result = await one.act('ac-cycle', { approvedBy: 'ada' });
      const effects = await one.effects('power-on', 'power-off', 'ac-cycle');
      const rows = await db.mdb.select().from(intents).where(eq(intents.machineId, one.machineId));
      return { result, effects, rows: rows.filter(({ kind }) => kind === 'ac-cycle') };
    });
    expect(offering).toEqual(['idrac9', 'ilo5', 'ilo6', 'nvidia', 'xcc', 'sr675']);
    for (const [family, { result, effects, rows }] of reported) {
      const off = featuresOf(family).mains?.hostOff === true;
      expect(result, family).toMatchObject({ state: 'done' });
      expect(effects.filter((effect) => effect === 'ac-cycle')).toHaveLength(1);
      // Where the host has to be off before, that is an act of its own.
      expect(effects.indexOf('power-off') < effects.indexOf('ac-cycle'), family).toBe(off);
      expect(rows, family).toHaveLength(off ? 2 : 1);
      expect(JSON.stringify(rows.map(({ command }) => command))).toContain('ada');
    }
  });

  test.each(missing(({ mains }) => mains))('of %s stay: it offers no known way', async (family) => {
    await open(family);
    expect(await acting.act('ac-cycle', { approvedBy: 'ada' })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('no known way'),
    });
    expect(await acting.effects('ac-cycle')).toEqual([]);
  });

  test('are not touched without the name of who approved of it', async () => {
    await open('idrac9');
    expect(await acting.act('ac-cycle', {} as never)).toMatchObject({ state: 'not_done' });
    expect(await acting.effects('ac-cycle')).toEqual([]);
  });
});

describe('a model whose host may hang after a forced restart (quirk 32)', () => {
  test('is powered off and on again, ten seconds apart', async () => {
    await open('sr675', 50);
    await acting.act('power-on');
    expect(await acting.act('restart')).toMatchObject({ state: 'done' });
    expect(await acting.effects('power-on', 'power-off', 'reset', 'fault-set')).toEqual([
      'power-on',
      'power-off',
      'power-on',
    ]);
  });

  test('boots from the network in the same way', async () => {
    await open('sr675', 50);
    await acting.act('power-on');
    expect(await acting.act('boot-network')).toMatchObject({ state: 'done' });
    expect(await acting.effects('boot-override', 'power-on', 'power-off', 'reset')).toEqual([
      'power-on',
      'boot-override',
      'power-off',
      'power-on',
    ]);
  });
});

describe('Secure Boot', () => {
  const readyToEnable = having(({ secureBoot }) => secureBoot && secureBoot.mode !== 'SetupMode');
  test.each(readyToEnable)('of %s is set by one write, and is in force after a restart', async (family) => {
    await open(family);
    expect(await acting.act('secure-boot', { enabled: true })).toMatchObject({
      state: 'done',
      observed: 'it is set so, from the next start on',
    });
    const again = (intentId: string) => acting.act('secure-boot', { enabled: true }, { intentId });
    expect(await again('before')).toMatchObject({ observed: expect.stringContaining('not in force before a restart') });
    await acting.act('power-on');
    expect(await again('after')).toMatchObject({ state: 'done', observed: 'it is so, and in force' });
    expect(await acting.effects('secure-boot')).toHaveLength(1);
  });

  const inSetup = having(({ secureBoot }) => secureBoot?.mode === 'SetupMode' && secureBoot.keys !== 'absent');
  test.each(inSetup)('of %s wants keys first, which one reset gives back', async (family) => {
    await open(family);
    expect(await acting.act('secure-boot', { enabled: true })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('no keys'),
    });
    expect(await acting.act('secure-boot-keys', { reset: 'ResetAllKeysToDefault' })).toMatchObject({
      state: 'done',
      observed: 'its mode is UserMode, was SetupMode',
    });
    expect(await acting.act('secure-boot', { enabled: true }, { intentId: `${acting.machineId}-now` })).toMatchObject({
      state: 'done',
    });
    expect(await acting.effects('secure-boot')).toHaveLength(2);
  });

  test('keys that leave the mode as it was, are an effect that nobody can see', async () => {
    await open('standard');
    expect(await acting.act('secure-boot-keys', { reset: 'ResetAllKeysToDefault' })).toMatchObject({
      state: 'unknown',
      observed: expect.stringContaining('does not tell'),
    });
    expect(await acting.effects('secure-boot')).toHaveLength(1);
  });

  test.each([
    ['openbmc', 'offers no Secure Boot'],
    ['nvidia', 'offers no reset of the keys'],
  ] as const)('keys of %s are left alone: it %s', async (family, words) => {
    await open(family);
    expect(await acting.act('secure-boot-keys', { reset: 'DeleteAllKeys' })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining(words),
    });
    expect(await acting.effects('secure-boot')).toEqual([]);
  });
});

describe('virtual media', () => {
  const image = 'http://127.0.0.1:9/images/rescue.iso';
  const held = () => Object.values(acting.machine.state.controller?.media ?? {});

  test.each(having(({ media }) => media.length > 0))(
    'of %s take an image, another one in its place, and give it back (quirk 64)',
    async (family) => {
      await open(family);
      expect(await acting.act('insert-media', { image })).toMatchObject({ state: 'done' });
      expect(held()).toEqual([image]);
      expect(await acting.act('insert-media', { image }, { intentId: 'same' })).toMatchObject({
        state: 'done',
        observed: expect.stringContaining('already'),
      });
      const other = image.replace('rescue', 'other');
      const second = await acting.act('insert-media', { image: other }, { intentId: `${acting.machineId}-other` });
      expect(second).toMatchObject({ state: 'done' });
      expect(held()).toEqual([other]);
      expect(await acting.act('eject-media', {})).toMatchObject({ state: 'done' });
      expect(held()).toEqual([]);
      expect(await acting.effects('media-inserted', 'media-ejected')).toEqual([
        'media-inserted',
        'media-ejected',
        'media-inserted',
        'media-ejected',
      ]);
    },
  );

  test('of a manager and of a system: the system has the newer ones', async () => {
    await open('idrac9');
    const result = await acting.act('insert-media', { image });
    expect(result.command).toMatchObject({ at: '/redfish/v1/Systems/System.Embedded.1/VirtualMedia/1' });
    const slot = '/redfish/v1/Managers/iDRAC.Embedded.1/VirtualMedia/CD';
    const named = await acting.act('insert-media', { image, slot }, { intentId: `${acting.machineId}-named` });
    expect(named.command).toMatchObject({ at: slot });
  });

  test('that keep what they had, are not told as inserted', async () => {
    await open('standard');
    await acting.act('insert-media', { image });
    acting.machine.setFault({ kind: 'stuck-media' });
    const other = await acting.act(
      'insert-media',
      { image: `${image}.iso` },
      { intentId: `${acting.machineId}-stuck` },
    );
    expect(other).toMatchObject({ state: 'unknown', observed: expect.stringContaining('still holds') });
    expect(held()).toEqual([image]);
  });

  test.each([
    ['with a password in it', 'http://me:secret@127.0.0.1/a.iso', 'no user or password'],
    ['by another protocol', 'ftp://127.0.0.1/a.iso', 'an image is an address by'],
    ['of no kind', 'rescue.iso', 'an image is an address by'],
  ])('take no address %s', async (_, wrong, words) => {
    await open('standard');
    const result = await acting.act('insert-media', { image: wrong });
    expect(result).toMatchObject({ state: 'not_done', observed: expect.stringContaining(words) });
    expect(JSON.stringify(result)).not.toContain('secret');
    expect(await db.mdb.select().from(intents).where(eq(intents.machineId, acting.machineId))).toEqual([]);
  });

  test('of a server that wants to know who asks, go by a reference, and the password is in no intent', async () => {
    await open('supermicro');
    expect(await acting.act('insert-media', { image, secretRef: 'good' })).toMatchObject({ state: 'done' });
    const rows = await db.mdb.select().from(intents).where(eq(intents.machineId, acting.machineId));
    expect(JSON.stringify(rows)).not.toContain('simulated');
  });

  test.each(missing(({ media }) => media.length > 0))('of %s: it has none', async (family) => {
    await open(family);
    expect(await acting.act('insert-media', { image })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('it has none'),
    });
  });
});

describe('erasing a drive by the controller (quirk 65)', () => {
  const serial = () => `${acting.machine.hardware.serial}D0`;
  const wiped = () => acting.effects('disk-wiped');

  test.each(having(({ erase }) => erase))('of %s is begun once, and done when its task is', async (family) => {
    await open(family);
    acting.machine.setFault({ kind: 'foreign-disk', disk: 0, content: 'ext4' });
    const parameters = { serial: serial(), approvedBy: 'ada' };
    const begun = await acting.act('erase-drive', parameters);
    const result = begun.state === 'done' ? begun : await acting.settle('erase-drive', { parameters });
    expect(result).toMatchObject({ state: 'done', observed: expect.stringContaining(serial()) });
    expect(await wiped()).toHaveLength(1);
    expect(acting.machine.state.disks[0]).toEqual({ content: 'blank' });
    const [row] = await db.mdb.select().from(intents).where(eq(intents.machineId, acting.machineId));
    expect(row).toMatchObject({ state: 'done', observed: { serial: serial(), method: 'its own choice' } });
  });

  test('by a method that the drive lists, uses that and no other', async () => {
    await open('nvidia');
    const erase = (method: 'CryptographicErase' | 'Overwrite') =>
      acting.act(
        'erase-drive',
        { serial: serial(), method, approvedBy: 'ada' },
        { intentId: `${acting.machineId}-${method}` },
      );
    expect(await erase('Overwrite')).toMatchObject({
      state: 'not_done',
      observed: 'Overwrite is not among what it offers for this drive: BlockErase, CryptographicErase',
    });
    expect(await wiped()).toEqual([]);
    expect(await erase('CryptographicErase')).toMatchObject({ state: 'done' });
    expect(acting.machine.state.disks[0]).toEqual({ content: 'blank' });
  });

  test('that fails, is told with the words of its task', async () => {
    await open('standard');
    acting.machine.setFault({ kind: 'dead-disk', disk: 0, how: 'io' });
    expect(await acting.act('erase-drive', { serial: serial(), approvedBy: 'ada' })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('The drive did not answer'),
    });
    expect(await wiped()).toEqual([]);
  });

  test.each([
    ['ilo5', 'D0', "the controller can't erase"],
    ['standard', 'D77', 'shows no drive with the serial number'],
  ] as const)('of %s …%s is refused', async (family, disk, words) => {
    await open(family);
    const unknown = `${acting.machine.hardware.serial}${disk}`;
    expect(await acting.act('erase-drive', { serial: unknown, approvedBy: 'ada' })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining(words),
    });
    expect(await wiped()).toEqual([]);
  });
});

describe('accounts', () => {
  const kept = () => Object.values(acting.machine.state.controller?.accounts ?? {}).map(({ username }) => username);

  test.each(families)('of %s are made in its own way, once, and taken away again (quirk 67)', async (family) => {
    await open(family);
    await acting.secret('second', { username: 'second', password: 'Second.Pass-77w' });
    const parameters = { secretRef: 'second', role: 'Administrator' } as const;
    expect(await acting.act('create-account', parameters)).toMatchObject({ state: 'done' });
    expect(kept()).toEqual(expect.arrayContaining(['admin', 'second']));
    expect(await acting.act('create-account', parameters, { intentId: `${acting.machineId}-twice` })).toMatchObject({
      state: 'not_done',
      observed: 'the controller has an account second already',
    });
    const rows = await db.mdb.select().from(intents).where(eq(intents.machineId, acting.machineId));
    expect(JSON.stringify(rows)).not.toContain('Second.Pass');
    expect(await acting.act('remove-account', { username: 'second' })).toMatchObject({ state: 'done' });
    expect(kept()).toEqual(['admin']);
    expect(await acting.effects('password-changed')).toHaveLength(2);
  });

  test('that Farrier signs in with are not taken away', async () => {
    await open('standard');
    expect(await acting.act('remove-account', { username: 'ADMIN' })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('it stays'),
    });
    expect(await acting.effects('password-changed')).toEqual([]);
  });
});
