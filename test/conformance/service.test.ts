import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { bmcOrigin, play, stopPlaying } from '../sim/playing.ts';
import { openPython, runFile } from './python.ts';
import { openSchemas } from './schemas.ts';

const opened = await openPython(['redfish_service_validator==3.1.8']);
const schemas = 'missing' in opened ? opened : await openSchemas();
const missing = [opened, schemas].flatMap((one) => ('missing' in one ? [one.missing] : []))[0];
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`);

afterEach(stopPlaying);

/** What DMTF's validator warns of at the standard controller, and why it is left so: nothing there is wrong. */
const warnings = {
  'sensors are told in the older model too, as most controllers in the field do (quirk 68)': [
    '/@odata.id (/redfish/v1/Chassis/1/Power): Deprecated URI',
    '/@odata.id (/redfish/v1/Chassis/1/Thermal): Deprecated URI',
    '/Power: Deprecated Property',
    '/Thermal: Deprecated Property',
  ],
  'drives are below their storage, where they are in the field': [
    '/@odata.id (/redfish/v1/Systems/1/Storage/1/Drives/1): Deprecated URI',
    '/@odata.id (/redfish/v1/Systems/1/Storage/1/Drives/2): Deprecated URI',
  ],
  'slots of memory are named as in the field': ['/DeviceLocator: Deprecated Property'],
  'summaries have a health, as recorded controllers show it': [
    '/MemorySummary/Status: Deprecated Property',
    '/ProcessorSummary/Status: Deprecated Property',
  ],
  'bare images are pushed, which older controllers know only': ['/HttpPushUri: Deprecated Property'],
};

/** Validates the controller; gives the lines of its log that judge something. */
async function validate(): Promise<string[]> {
  if ('missing' in opened || 'missing' in schemas) throw new Error(missing);
  const folder = await mkdtemp(join(tmpdir(), 'farrier-service-'));
  try {
    const script = join(opened.python, '..', 'rf_service_validator');
    const given = ['-r', bmcOrigin(), '-u', 'admin', '-p', 'simulated', '--skipschema'];
    const where = ['--schema_directory', schemas.folder, '--logdir', folder];
    // It ends with an error when anything fails.
    await runFile(opened.python, [script, ...given, ...where], { timeout: 280_000 }).catch(() => {});
    const files = await readdir(folder, { recursive: true });
    const log = await readFile(join(folder, files.find((file) => file.endsWith('.log')) ?? 'no log'), 'utf8');
    return log.split('\n').filter((line) => / (FAIL|WARN|PASS) - /.test(line));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.skipIf(missing !== undefined)(
  "the standard controller's documents keep DMTF's schemas",
  async () => {
    await play('standard');
    const found = (await validate()).map(wordsOf);
    expect(found.filter((words) => words.startsWith('FAIL'))).toEqual([]);
    const warned = found.filter((words) => words.startsWith('WARN')).map((words) => words.replace('WARN ', ''));
    expect([...new Set(warned)].sort()).toEqual(Object.values(warnings).flat().sort());
    expect(found.filter((words) => words.startsWith('PASS')).length).toBeGreaterThan(900);
  },
  180_000,
);

/** What is wrong with the documents of a family, and is so on real ones of it, too. */
const wrong = {
  idrac9: [],
  // Quirk 2: sessions are where no later schema has them; the validator's own is the second.
  x10: ['/@odata.id (/redfish/v1/Sessions): Undefined URI', '/@odata.id (/redfish/v1/Sessions/…): Undefined URI'],
} as const;

test.skipIf(missing !== undefined).each(Object.entries(wrong))(
  'the documents of %s keep them but for what its family is known for',
  async (id, deviations) => {
    await play(id as keyof typeof wrong);
    const found = (await validate()).map(wordsOf);
    const failed = found
      .filter((words) => words.startsWith('FAIL'))
      .map((words) => words.replace('FAIL ', '').replace(/Sessions\/\w+/, 'Sessions/…'));
    expect([...new Set(failed)].sort()).toEqual(deviations);
    expect(found.filter((words) => words.startsWith('PASS')).length).toBeGreaterThan(400);
  },
  180_000,
);

/** `WARN /Power: Deprecated Property` of a line of the log; the place of a part among its like doesn't matter. */
function wordsOf(line: string): string {
  const [, verdict = '', place = '', value = '', kind = ''] =
    / (FAIL|WARN|PASS) - (\S+) \((.*?)\): (.*?)(?: Warning| Error)?(?::|$)/.exec(line) ?? [];
  return `${verdict} ${place === '/@odata.id' ? `${place} (${value})` : place}: ${kind}`;
}
