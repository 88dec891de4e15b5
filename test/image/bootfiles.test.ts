import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildTools } from './tools.ts';

// The agent's own shell function with the agent's own `fetch`; only its folders are elsewhere.
const folder = mkdtempSync(join(tmpdir(), 'farrier-bootfiles-'));
const kernel = randomBytes(200_000);
const sha256 = createHash('sha256').update(kernel).digest('hex');
let server: Server;

beforeAll(async () => {
  for (const name of ['mnt/boot', 'run']) mkdirSync(join(folder, name), { recursive: true });
  const source = readFileSync(new URL('../../boot/image/agent/disk.sh', import.meta.url), 'utf8');
  writeFileSync(
    join(folder, 'disk.sh'),
    source.replaceAll('/mnt', `${folder}/mnt`).replaceAll('/run', `${folder}/run`),
  );
  server = createServer((request, response) => {
    if (request.url === '/files/boot/vmlinuz') return void response.end(kernel);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());

/** What the step says, `<step>|<device>|<message>`; empty when it did not fail. */
function keep(name: string, sum: string): Promise<string> {
  const files = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const script = `. "$1/disk.sh"; files=$2; disk_name='sda (serial S1)'
    fail() { echo "$1|$2|$3"; return 1; }; keep_boot_file "$3" "$4" || exit 7`;
  const env = { PATH: `${buildTools()}:${process.env['PATH']}` };
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', script, 'sh', folder, files, name, sum], { env }, (error, said) => {
      if (error && error.code !== 7) reject(error);
      else resolve(said.trim());
    });
  });
}

test('a boot file is kept when it has the sum of the directive', async () => {
  expect(await keep('vmlinuz', sha256)).toBe('');
  expect(readFileSync(join(folder, 'mnt/boot/vmlinuz')).equals(kernel)).toBe(true);
});

test.each([
  ['another sum', 'vmlinuz', sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')), /checksum|SHA-256/i],
  ['no sum', 'vmlinuz', '', /names no checksum/],
  ['a file that is not there', 'initrd', sha256, /./],
])(
  '%s fails the step, names the disk, and leaves no file',
  async (_, name, sum, reason) => {
    const [step, device, message] = (await keep(name, sum)).split('|');
    expect([step, device]).toEqual(['bootloader', 'sda (serial S1)']);
    expect(message).toMatch(new RegExp(`^${name}: `));
    expect(message).toMatch(reason);
    if (sum !== '') expect(existsSync(join(folder, 'mnt/boot', name))).toBe(false);
  },
  60_000,
);
