import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addOverlay, renderOverlay } from '../../boot/image/overlay.ts';

const trust = { caPem: '-----BEGIN CERTIFICATE-----\nCA\n', imagePublicKeyPem: '-----BEGIN PUBLIC KEY-----\nKEY\n' };

test('cpio unpacks the overlay to what the agent reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'farrier-overlay-'));
  execFileSync('cpio', ['-id', '--quiet'], { cwd: folder, input: renderOverlay(trust) });
  expect(readFileSync(join(folder, 'etc/farrier/ca.pem'), 'utf8')).toBe(trust.caPem);
  expect(readFileSync(join(folder, 'etc/farrier/image.pub'), 'utf8')).toBe(trust.imagePublicKeyPem);
});

test('the same trust gives the same bytes, aligned behind the image', () => {
  expect(renderOverlay(trust).equals(renderOverlay(trust))).toBe(true);
  const whole = addOverlay(Buffer.from('odd'), trust);
  expect(whole.subarray(4).equals(renderOverlay(trust))).toBe(true);
});

test('every script is sound to the shell', () => {
  const image = new URL('../../boot/image/', import.meta.url).pathname;
  const list = execFileSync('grep', ['-rlE', '^#!.*sh$|^[a-z_]+\\(\\) \\{', image], { encoding: 'utf8' });
  for (const file of list
    .trim()
    .split('\n')
    .filter((path) => !/\.(c|ts)$/.test(path)))
    execFileSync('sh', ['-n', file]);
  expect(list).toContain('agent/init');
});
