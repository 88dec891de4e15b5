import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imagesOf } from '../../activities/hardware/images.ts';
import type { FirmwareUpdate } from '../../domain/acts.ts';
import { intents } from '../../mdb/schema.ts';
import type { ImageSource } from '../../redfish/acts/firmware.ts';
import { fileImage } from '../../redfish/firmware/file.ts';
import type { personalities } from '../../sim/bmc/personalities.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { type Acting, actingOn } from './acting.ts';

let db: ThrowawayMdb;
let folder: string;
let server: Server;
let origin: string;

const content = (component: string, version: string) => `SIMFW ${component} ${version}\n${'.'.repeat(100_000)}`;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
  folder = await mkdtemp(join(tmpdir(), 'farrier-firmware-'));
  // `/files/<component>/<version>` is an image of it.
  server = createServer((request, answer) => {
    const [, , component = '', version = ''] = (request.url ?? '').split('/');
    if (version === 'missing') answer.writeHead(404).end();
    else answer.end(content(component, version));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.close();
  await rm(folder, { recursive: true, force: true });
  await db?.close();
});

type Family = keyof typeof personalities;

function spec(component: string, version: string, said = component): FirmwareUpdate {
  const sha256 = createHash('sha256').update(content(component, version)).digest('hex');
  return { component: said, version, image: `${component}/${version}`, sha256 };
}

/** Runs a test on a machine of its own, so that many can wait at the same time. */
function on(family: Family, work: (acting: Acting) => Promise<void>, speed = 200, images?: ImageSource) {
  return async () => {
    const acting = await actingOn(db, family, { speed, images: images ?? imagesOf(origin, folder) });
    try {
      await work(acting);
    } finally {
      await acting.close();
    }
  };
}

const flashed = (acting: Acting) => acting.effects('firmware-flashed', 'bmc-reset');

async function intentOf({ machineId }: Acting) {
  const [row] = await db.mdb
    .select()
    .from(intents)
    .where(eq(intents.id, `${machineId}-update-firmware`));
  return row;
}

/** How each family names its controller's and its BIOS's firmware, and how it is handed over. */
const families: readonly (readonly [Family, string, string, string])[] = [
  ['standard', 'BMC', 'BIOS', 'multipart'],
  ['idrac9', 'iDRAC', 'BIOS', 'multipart'],
  ['ilo5', '1', '2', 'address'],
  ['ilo6', '1', '2', 'address'],
  ['supermicro', 'BMC', 'BIOS', 'multipart'],
  ['openbmc', '5d0869c4', 'bios_active', 'multipart'],
  ['nvidia', 'FW_BMC_0', 'UEFI', 'multipart'],
  ['ami', 'HostBMC_0', 'HostBIOS_0', 'multipart'],
  ['xcc', 'BMC-Primary', 'UEFI', 'multipart'],
  ['ibmc', 'BMC', 'BIOS', 'multipart'],
];

describe.concurrent('firmware', () => {
  for (const [family, bmc, bios, way] of families) {
    const ofController = on(family, async (acting) => {
      await acting.act('update-firmware', spec('BMC', '9.8.7', bmc));
      expect(await acting.settle('update-firmware')).toMatchObject({ state: 'done' });
      expect(await flashed(acting)).toEqual(['firmware-flashed', 'bmc-reset']);
      expect(await intentOf(acting)).toMatchObject({ state: 'done', command: { way, version: '9.8.7' } });
    });
    test(`of a controller like ${family} is sent once, and read back after its restart`, ofController);

    const ofHost = on(family, async (acting) => {
      await acting.act('update-firmware', spec('BIOS', '9.8.7', bios));
      let result = await acting.settle('update-firmware');
      if (family === 'idrac9') {
        expect(result).toMatchObject({ state: 'unknown', waitsFor: 'restart' });
        // Settings may wait beside it for the same start.
        const attributes = { LogicalProc: 'Disabled' };
        expect(await acting.act('set-bios', { attributes })).toMatchObject({ state: 'done' });
        expect(await acting.act('restart')).toMatchObject({ state: 'done' });
        result = await acting.settle('update-firmware');
      }
      expect(result).toMatchObject({ state: 'done' });
      expect(acting.machine.state.controller?.firmware).toMatchObject({ BIOS: '9.8.7' });
      expect(await flashed(acting)).toEqual(['firmware-flashed']);
    });
    test(`of the host behind one like ${family} is sent once, and flashed at its next start if so`, ofHost);
  }

  test(
    'is pushed bare where the image has no address that the controller could fetch',
    on(
      'ilo6',
      async (acting) => {
        await acting.act('update-firmware', spec('BIOS', '2', '2'));
        expect(await acting.settle('update-firmware')).toMatchObject({ state: 'done' });
        expect(await intentOf(acting)).toMatchObject({ command: { way: 'push' } });
      },
      200,
      {
        open: async (_, sha256) => {
          await writeFile(join(folder, `${sha256}.bin`), content('BIOS', '2'));
          return fileImage(join(folder, `${sha256}.bin`), 'bios.bin', null);
        },
      },
    ),
  );

  test.each(['critical', 'exception'] as const)(
    'whose task ends %s is not done, and the old one is still there',
    (how) =>
      on('idrac9', async (acting) => {
        acting.machine.setFault({ kind: 'bad-flash', how });
        await acting.act('update-firmware', spec('BMC', '7', 'iDRAC'));
        expect(await acting.settle('update-firmware')).toMatchObject({ state: 'not_done' });
        // Whichever look saw it, the act's own or that of settling.
        expect(await intentOf(acting)).toMatchObject({
          state: 'not_done',
          observed: { observed: expect.stringContaining('6.00.30.00') },
        });
        expect(await flashed(acting)).toEqual([]);
      })(),
  );

  test.each(['unchanged', 'stuck'] as const)('whose task is %s is unknown in the end, and never sent again', (how) =>
    on(
      'standard',
      async (acting) => {
        acting.machine.setFault({ kind: 'bad-flash', how });
        await acting.act('update-firmware', spec('BMC', '7'));
        expect(await acting.settle('update-firmware')).toMatchObject({ state: 'unknown' });
        expect(await intentOf(acting)).toMatchObject({ state: 'unknown' });
        acting.machine.clearFault();
        expect(await acting.act('update-firmware', spec('BMC', '7'))).toMatchObject({ state: 'unknown' });
        expect(await flashed(acting)).toEqual([]);
      },
      4000,
    )(),
  );

  test(
    'whose answer was lost is found by its task and its version',
    on('standard', async (acting) => {
      acting.bmcFault({ path: '/redfish/v1/UpdateService/upload', cut: 'after', times: 1 });
      expect(await acting.act('update-firmware', spec('BIOS', '5'))).toMatchObject({ state: 'unknown' });
      expect(await acting.settle('update-firmware')).toMatchObject({ state: 'done' });
      expect(await flashed(acting)).toEqual(['firmware-flashed']);
    }),
  );

  test(
    'keeps every other act off the machine while it is under way',
    on('standard', async (acting) => {
      acting.machine.setFault({ kind: 'bad-flash', how: 'stuck' });
      await acting.act('update-firmware', spec('BIOS', '5'));
      expect(await acting.act('power-on')).toMatchObject({
        state: 'not_done',
        observed: expect.stringContaining('firmware update is under way'),
      });
      expect(await acting.effects('power-on')).toEqual([]);
    }),
  );

  test.each([
    ['x10', spec('BMC', '7'), 'offers no way'],
    ['standard', spec('BMC', '1.12.3'), 'already'],
    ['standard', spec('CPLD', '7'), 'lists no firmware CPLD, but BMC, BIOS'],
    ['standard', { ...spec('BMC', '7'), sha256: '0'.repeat(64) }, 'has the SHA-256'],
    ['standard', { ...spec('BMC', '7'), image: 'BMC/missing', sha256: '1'.repeat(64) }, 'answered 404'],
    ['standard', { ...spec('BMC', '7'), image: '../secrets/good' }, 'not a path'],
    ['standard', { ...spec('BMC', '7'), sha256: 'abc' }, 'parameters of update-firmware: sha256'],
  ] as const)('of %s is not sent: %j', (family, parameters, why) =>
    on(family, async (acting) => {
      const result = await acting.act('update-firmware', parameters);
      expect(result.observed).toContain(why);
      expect(result.state).toBe(why === 'already' ? 'done' : 'not_done');
      expect(await intentOf(acting)).toBeUndefined();
    })(),
  );

  test(
    'in a dry run is planned with the image at hand, and nothing is written anywhere',
    on('supermicro', async (acting) => {
      const planned = await acting.act('update-firmware', spec('BMC', '7'), { dryRun: true });
      expect(planned).toMatchObject({
        state: 'planned',
        command: { component: 'BMC', version: '7', way: 'multipart', verify: true, next: { kind: 'start-firmware' } },
      });
      expect(await intentOf(acting)).toBeUndefined();
      expect(await acting.effects('firmware-flashed')).toEqual([]);
    }),
  );
});
