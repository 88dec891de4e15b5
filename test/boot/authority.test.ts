import { execFileSync } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentName, openAuthority, verifyImageSignature } from '../../boot/authority.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-authority-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = (options = {}) => openAuthority(join(folder, 'authority'), options);

test('processes that start together share one authority, and a later start finds it again', async () => {
  const opened = await Promise.all(Array.from({ length: 8 }, () => open()));
  const again = await open();
  for (const one of opened) {
    expect([one.caPem, one.agentCertPem, one.agentKeyPem, one.imagePublicKeyPem]).toEqual([
      again.caPem,
      again.agentCertPem,
      again.agentKeyPem,
      again.imagePublicKeyPem,
    ]);
  }
  const files = (await readdir(join(folder, 'authority'))).sort();
  expect(files).toEqual(['agent.crt', 'agent.key', 'ca.crt', 'ca.key', 'image.key', 'image.pub']);
  for (const file of files.filter((name) => name.endsWith('.key'))) {
    expect((await stat(join(folder, 'authority', file))).mode & 0o777).toBe(0o600);
  }
});

test('the agent API certificate names the API and its addresses, and is issued anew for a further address', async () => {
  const first = await open({ addresses: ['192.168.77.1'] });
  const certificate = new X509Certificate(first.agentCertPem);
  expect(certificate.checkHost(agentName)).toBe(agentName);
  expect(certificate.checkIP('192.168.77.1')).toBe('192.168.77.1');
  expect(certificate.checkIssued(new X509Certificate(first.caPem))).toBe(true);
  expect((await open({ addresses: ['192.168.77.1'] })).agentCertPem).toBe(first.agentCertPem);
  const second = await open({ addresses: ['192.168.77.1', '10.0.0.1'] });
  expect(second.agentKeyPem).toBe(first.agentKeyPem);
  expect(new X509Certificate(second.agentCertPem).checkIP('10.0.0.1')).toBe('10.0.0.1');
});

test('a certificate near its end is issued anew', async () => {
  const first = await open();
  const later = await open({ now: new Date(Date.now() + 600 * 86_400_000) });
  expect(later.agentCertPem).not.toBe(first.agentCertPem);
  expect(later.caPem).toBe(first.caPem);
});

test('an image signature is what openssl verifies over the image itself', async () => {
  const authority = await open();
  const image = randomBytes(100_000);
  const paths = {
    image: join(folder, 'image'),
    signature: join(folder, 'sig'),
    key: join(folder, 'pub'),
  };
  await writeFile(paths.image, image);
  const sha256 = execFileSync('sha256sum', [paths.image]).toString().slice(0, 64);
  const signature = authority.signImage(sha256);
  await writeFile(paths.signature, Buffer.from(signature, 'base64'));
  await writeFile(paths.key, authority.imagePublicKeyPem);
  const verified = execFileSync('openssl', [
    ...['dgst', '-sha256', '-verify', paths.key],
    ...['-signature', paths.signature, paths.image],
  ]);
  expect(verified.toString()).toContain('Verified OK');
  expect(authority.verifyImage(sha256, signature)).toBe(true);
  expect(
    authority.verifyImage(
      sha256.replace(/^./, (c) => (c === '0' ? '1' : '0')),
      signature,
    ),
  ).toBe(false);
});

test.each(['', 'AAAA', '!', 'MEUCIQ==', 'A'.repeat(300)])(
  'a malformed signature %j is refused, not thrown',
  async (bad) => {
    const authority = await open();
    expect(verifyImageSignature(authority.imagePublicKeyPem, 'a'.repeat(64), bad)).toBe(false);
    expect(authority.verifyImage('zz', bad)).toBe(false);
    expect(() => authority.signImage('zz')).toThrow('64 hex digits');
  },
);

test('signatures of another site are refused', async () => {
  const here = await open();
  const there = await openAuthority(join(folder, 'other'));
  expect(here.verifyImage('b'.repeat(64), there.signImage('b'.repeat(64)))).toBe(false);
});

test('a machine certificate is issued for a hostname and for nothing else', async () => {
  const authority = await open();
  const { certificatePem, keyPem } = await authority.issueMachineCertificate('a07-u12.example.net');
  const certificate = new X509Certificate(certificatePem);
  expect(certificate.checkHost('a07-u12.example.net')).toBeDefined();
  expect(certificate.verify(new X509Certificate(authority.caPem).publicKey)).toBe(true);
  expect(keyPem).toContain('PRIVATE KEY');
  for (const bad of ['a b', 'a\n', '', '-a', '*.x', 'A'.repeat(70)]) {
    await expect(authority.issueMachineCertificate(bad)).rejects.toThrow('is not a hostname');
  }
});

test('a key that others may read, a damaged file and a foreign certificate are named', async () => {
  await open();
  const key = join(folder, 'authority', 'agent.key');
  await chmod(key, 0o644);
  await expect(open()).rejects.toThrow(`chmod 600 ${key}`);
  await chmod(key, 0o600);
  await writeFile(key, 'nonsense');
  await expect(open()).rejects.toThrow('agent.key does not hold a P-256 private key');
  await rm(key);
  const other = await openAuthority(join(folder, 'other'));
  await writeFile(join(folder, 'authority', 'ca.crt'), other.caPem);
  await expect(open()).rejects.toThrow('ca.crt belongs to another key');
  await expect(open({ addresses: ['nowhere'] })).rejects.toThrow();
});
