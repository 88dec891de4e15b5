import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderBootstrap, renderDiscover, renderLocal, renderWait, type Surroundings } from '../../boot/render.ts';

const surroundings: Surroundings = {
  bootUrl: 'http://192.168.77.1:8080',
  agentUrl: 'https://192.168.77.1:8443',
  consoles: ['tty0', 'ttyS0,115200n8'],
};
const bootstrap = {
  mac: '52:54:00:00:00:01',
  token: 'a'.repeat(43),
  time: 1_795_000_000,
  fast: false,
  address: '10.77.1.0',
  arch: 'x86_64',
} as const;

test('the bootstrap script names kernel and initramfs, and passes the arguments that the agent reads', () => {
  const script = renderBootstrap(surroundings, bootstrap);
  expect(script).toMatch(
    /^#!ipxe\nkernel --name vmlinuz http:\/\/192\.168\.77\.1:8080\/files\/boot\/vmlinuz initrd=initrd /,
  );
  const line = script.split('\n')[1] ?? '';
  const words = new Map(line.split(' ').map((word) => word.split('=', 2) as [string, string]));
  expect(words.get('farrier.url')).toBe('https://192.168.77.1:8443');
  expect(words.get('farrier.files')).toBe('http://192.168.77.1:8080');
  expect(words.get('farrier.mac')).toBe(bootstrap.mac);
  expect(words.get('farrier.token')).toBe(bootstrap.token);
  expect(words.get('farrier.time')).toBe('1795000000');
  expect(words.get('farrier.address')).toBe('10.77.1.0');
  expect(line).toContain('console=tty0 console=ttyS0,115200n8');
  expect(line).not.toContain('farrier.fast');
  expect(renderBootstrap(surroundings, { ...bootstrap, fast: true })).toContain(' farrier.fast=1 ');
  expect(renderBootstrap(surroundings, { ...bootstrap, arch: 'arm64' })).toContain('/files/boot/vmlinuz-arm64 ');
});

test('fast and full differ by one argument', () => {
  const fast = renderBootstrap(surroundings, { ...bootstrap, fast: true });
  expect(fast.replace(' farrier.fast=1', '')).toBe(renderBootstrap(surroundings, bootstrap));
});

test('B-5: local boot by platform: the loader that finds the machine’s own disk, never a prompt', () => {
  expect(renderLocal(surroundings, 'bios', 'x86_64')).toBe(
    '#!ipxe\nchain --autofree http://192.168.77.1:8080/files/boot/local.pxe ||\nsanboot --no-describe --drive 0x80 || exit 1\n',
  );
  expect(renderLocal(surroundings, 'efi', 'x86_64')).toBe(
    '#!ipxe\nchain --autofree http://192.168.77.1:8080/files/boot/local.efi || exit 1\n',
  );
  expect(renderLocal(surroundings, 'efi', 'arm64')).toContain('/local-arm64.efi ');
  const either = renderLocal(surroundings, null, 'x86_64');
  expect(either).toContain('sanboot');
  expect(either).toContain('local.efi');
});

test('a local script holds nothing of the machine, so known and guessed MACs look alike (attack A1)', () => {
  expect(renderLocal(surroundings, 'bios', 'x86_64')).not.toMatch(/farrier|token|m-/);
});

test('a waiting machine asks again for ever, with all it knows of itself', () => {
  const script = renderWait(surroundings, 12, 'the MDB is away');
  expect(script).toContain(
    '\nsleep 12\n:ask\nchain --replace http://192.168.77.1:8080/boot.ipxe?mac=$' + '{netX/mac}&',
  );
  expect(script).toContain('||\nsleep 5\ngoto ask\n');
  expect(renderDiscover(surroundings)).toContain('serial=$' + '{serial:uristring}');
});

const evil = [
  'a\n#!ipxe\nchain http://evil/',
  'a\rb',
  'a\0b',
  '$' + '{net0/mac}',
  'a && shell',
  'a || shell',
  "a'b",
  'a"b',
  'a`b',
  'a;b',
  'console=ttyS0 init=/bin/sh',
  'x -- init',
  'a\u2028b',
  'a\u2029b',
  'a\u0085b',
];

test.each(evil)('%j is refused wherever a value is rendered (attacks A10, A11)', (value) => {
  expect(() => renderBootstrap(surroundings, { ...bootstrap, mac: value })).toThrow('cannot hold');
  expect(() => renderBootstrap(surroundings, { ...bootstrap, token: value })).toThrow('cannot hold');
  expect(() => renderBootstrap(surroundings, { ...bootstrap, address: value })).toThrow('cannot hold');
  expect(() => renderBootstrap({ ...surroundings, agentUrl: `http://x${value}` }, bootstrap)).toThrow('cannot hold');
  expect(() => renderBootstrap({ ...surroundings, bootUrl: `http://x${value}` }, bootstrap)).toThrow('cannot hold');
  expect(() => renderBootstrap({ ...surroundings, consoles: [value] }, bootstrap)).toThrow('cannot hold');
  expect(() => renderLocal({ ...surroundings, bootUrl: `http://x/${value}` }, 'efi', 'x86_64')).toThrow('cannot hold');
});

test('a reason never adds a line, a command or an expansion, whatever it holds', () => {
  const plain = renderWait(surroundings, 5, 'plain').split('\n').length;
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom(...evil)), (reason) => {
      const lines = renderWait(surroundings, 5, reason).split('\n');
      expect(lines).toHaveLength(plain);
      expect(lines[1]).toMatch(/^echo Farrier: [A-Za-z0-9 .,:;()/_-]+$/);
    }),
  );
});
