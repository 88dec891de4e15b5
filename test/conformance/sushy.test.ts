import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { type PersonalityChoice, personalities } from '../../sim/bmc/personalities.ts';
import { bmcOrigin, journal, play, stopPlaying } from '../sim/playing.ts';
import { openPython, runFile } from './python.ts';

const opened = await openPython(['sushy==5.14.0']);
if ('missing' in opened) process.stderr.write(`skipped: ${opened.missing}\n`);

afterEach(stopPlaying);

/** Lets sushy do with a simulated controller what Ironic would; tells what it found, by step. */
async function drive(personality: PersonalityChoice, attribute: string, value: string) {
  if ('missing' in opened) throw new Error(opened.missing);
  await play(personality, 100);
  const server = createServer((_, response) => response.end(`SIMFW BIOS 9.9.9\n${'.'.repeat(1000)}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const image = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bios.bin`;
  const script = fileURLToPath(new URL('drive.py', import.meta.url));
  try {
    const given = [script, bmcOrigin(), 'admin', 'simulated', attribute, value, image];
    const { stdout } = await runFile(opened.python, given, { timeout: 280_000 });
    return JSON.parse(stdout) as Record<string, unknown>;
  } finally {
    server.close();
  }
}

describe.skipIf('missing' in opened)('sushy, which OpenStack Ironic uses,', () => {
  test('drives the standard controller without a deviation', async () => {
    const found = await drive('standard', 'SriovSupport', 'Enabled');
    expect(found).toEqual({
      version: '1.18.0',
      vendor: 'Simulated',
      resets: [...personalities.standard.resetTypes].sort(),
      memory: 256,
      processors: 2,
      macs: 2,
      drives: [2],
      manager: '1.12.3',
      chassis: 'RackMount',
      boot: 'Pxe',
      bios: 'Enabled',
      on: 'On',
      off: 'Off',
      sessions: 1,
      flash: { BMC: '1.12.3', BIOS: '9.9.9' },
    });
    for (const effect of ['power-on', 'power-off', 'boot-override', 'bios-pending', 'firmware-flashed'])
      expect([effect, (await journal(effect)).length]).toEqual([effect, 1]);
  });

  /** What sushy cannot do with a family, and why: each is a quirk that was seen on real ones of it. */
  test.each([
    // It takes the service tag and the board's serial as they come.
    ['idrac9', 'SriovGlobalEnable', {}],
    // Quirk 58: the answer of SimpleUpdate names no task.
    ['ilo6', 'Sriov', { flash: /^MissingHeaderError/ }],
    // Quirks 47 and 55: no BIOS settings, no SimpleUpdate.
    ['openbmc', 'none', { bios: /^AttributeError/, flash: /^MissingAttributeError/ }],
    // Quirk 55; the first system, which cannot be reset, is stepped over by the script.
    ['nvidia', 'EmbeddedUefiShell', { flash: /^MissingAttributeError/ }],
    // Quirk 20: 428, as sushy changes BIOS settings without an ETag. Quirk 55.
    ['xcc', 'Processors_HyperThreading', { bios: / 428/, flash: /^MissingAttributeError/ }],
    // Quirk 19, as it changes BIOS settings without an ETag.
    ['ibmc', 'SriovSupport', { bios: / 412/ }],
    // Quirks 37 and 55: the boot override has to be whole, as Ironic sends it to such vendors by itself.
    ['ami', 'HTEN000', { boot: /BootSourceOverrideMode/, flash: /^MissingAttributeError/ }],
  ] as const)('drives %s but for the known deviations', async (id, attribute, deviations: Record<string, RegExp>) => {
    const found = await drive(id, attribute, id === 'idrac9' || id === 'ilo6' ? 'Enabled' : 'Disabled');
    const right = { boot: 'Pxe', bios: expect.stringMatching(/^(En|Dis)abled$/), on: 'On', off: 'Off', sessions: 1 };
    const flash = expect.objectContaining({ [personalities[id].update.entry('BIOS', '9.9.9')]: '9.9.9' });
    const deviating = Object.entries(deviations).map(([step, error]) => [step, expect.stringMatching(error)]);
    expect(found).toMatchObject({ ...right, flash, ...Object.fromEntries(deviating) });
    // Dell flashes a BIOS at the next start, for which it is powered on once more.
    expect(await journal('power-on')).toHaveLength(id === 'idrac9' ? 2 : 1);
  });
});
