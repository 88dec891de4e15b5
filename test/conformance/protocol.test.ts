import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { bmcOrigin, play, stopPlaying } from '../sim/playing.ts';
import { openPython, runFile } from './python.ts';

const opened = await openPython(['redfish_protocol_validator==1.3.2']);
if ('missing' in opened) process.stderr.write(`skipped: ${opened.missing}\n`);

afterEach(stopPlaying);

/** Assertions of DMTF's validator that the standard controller fails, and why it is left so. */
const deviations = {
  'queries are not looked at': ['REQ_QUERY_UNSUPPORTED_DOLLAR_PARAMS'],
  'methods that HTTP does not know are refused before the controller sees them': ['PROTO_HTTP_UNSUPPORTED_METHODS'],
  'a collection takes a POST at its own path only': ['REQ_POST_CREATE_TO_MEMBERS_PROP'],
};

test.skipIf('missing' in opened)(
  "the standard controller keeps DMTF's protocol but for the known deviations",
  async () => {
    if ('missing' in opened) return;
    await play('standard', 50, 'https');
    const folder = await mkdtemp(join(tmpdir(), 'farrier-protocol-'));
    try {
      const given = ['-r', bmcOrigin(), '-u', 'admin', '-p', 'simulated', '--no-cert-check'];
      const script = join(opened.python, '..', 'rf_protocol_validator');
      // It ends with an error when any assertion fails.
      const report = ['--report-dir', folder, '--report-type', 'tsv'];
      // A bundle that the shell names would be asked about the controller's own certificate after all.
      const { REQUESTS_CA_BUNDLE: _, CURL_CA_BUNDLE: __, ...env } = process.env;
      await runFile(opened.python, [script, ...given, ...report], { timeout: 280_000, env }).catch(() => {});
      const name = (await readdir(folder)).find((file) => file.endsWith('.tsv')) ?? 'no report';
      const rows = (await readFile(join(folder, name), 'utf8')).split('\n').map((line) => line.split('\t'));
      const failed = new Set(rows.filter((row) => row[4] === 'FAIL').map(([assertion]) => assertion));
      expect([...failed].sort()).toEqual(Object.values(deviations).flat().sort());
      expect(rows.filter((row) => row[4] === 'PASS').length).toBeGreaterThan(250);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  180_000,
);
