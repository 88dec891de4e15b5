/**
 * A throw-away birther and agent API: gives one machine the directives of a birth in order and prints what it tells.
 * For trying the image by itself; the real ones are in boot/ and api/.
 * usage: node play.ts FOLDER IMAGE_PATH [directive…]   (FOLDER: served under /files, keeps the authority)
 * A directive `erase=SERIAL:METHOD,…` erases; a third part `:1` says that it had begun before.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { openAuthority } from '../../boot/authority.ts';
import { addOverlay } from '../../boot/image/overlay.ts';
import { formatRecords, parseRecords } from '../../contract/records.ts';

const [folder = '', imagePath = '', ...script] = process.argv.slice(2);
const started = Date.now();
const say = (...words: unknown[]) => console.log(((Date.now() - started) / 1000).toFixed(1), ...words);

const authority = await openAuthority(join(folder, 'authority'));
writeFileSync(join(folder, 'boot/initrd'), addOverlay(readFileSync(join(folder, 'boot/initrd.base')), authority));
const bytes = readFileSync(join(folder, imagePath));
const sumOf = (path: string) =>
  createHash('sha256')
    .update(readFileSync(join(folder, path)))
    .digest('hex');
const sha256 = sumOf(imagePath);
const mark = '3f0c6a52-0f4e-4be5-8d0a-1f2e3d4c5b6a';
const address = process.env.PLAY_ADDRESS ?? '10.0.2.15/24';
let disk = process.env.PLAY_DISK ?? '';
let key = '';
let seq = 0;
let waiting: (() => void) | null = null;
const plan = script.length > 0 ? script : ['burnin', 'install', 'handover'];

/** The disks of an erase directive, as records of their own. */
function targets(): { kind: string; fields: Record<string, string> }[] {
  const [what, list = ''] = (plan[seq] ?? '').split('=');
  if (what !== 'erase') return [];
  return list.split(',').map((each, index) => {
    const [serial = '', method = '', begun = ''] = each.split(':');
    return { kind: `disk${index + 1}`, fields: { serial, method, begun } };
  });
}

function directive(): Record<string, string> {
  const what = (plan[seq] ?? 'wait').replace(/=.*/, '');
  const base = { seq: String(seq + 1), do: what.replace(/-.*/, '') };
  if (what === 'burnin') return { ...base, burnin: 'b1', stress: '5', cap: '60' };
  if (what.startsWith('install')) {
    const wrong = what === 'install-wrong' ? sha256.replace(/^./, (c) => (c === '0' ? '1' : '0')) : sha256;
    const sums = { kernel_sha256: sumOf('boot/vmlinuz'), initrd_sha256: sumOf('boot/initrd') };
    const layout = { boot_mib: '128', root_mib: 'rest', kernel: 'bootstrap', ...sums, system: 'archive' };
    const image = { image: 'tiny', kind: 'compute', path: imagePath, bytes: String(bytes.length), sha256: wrong };
    const place = { hostname: 'a07-u12', address, gateway: '10.0.2.2', dns: '10.0.2.3', mark, disk };
    return { ...base, ...image, signature: authority.signImage(sha256), ...place, ...layout };
  }
  if (what === 'erase') return { ...base, seed: 'order-1', mark, key };
  if (what === 'handover') return { ...base, hostname: 'a07-u12', address: address.replace(/\/.*/, '') };
  return base;
}

function advance(): void {
  seq += 1;
  waiting?.();
  waiting = null;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

const api = createServer(
  { cert: authority.agentCertPem, key: authority.agentKeyPem },
  async (request, response): Promise<void> => {
    const url = new URL(request.url ?? '/', 'https://x');
    const text = await bodyOf(request);
    const records = parseRecords(text);
    const step = records.find(({ kind }) => kind === 'step')?.fields;
    if (url.pathname !== '/agent/next' && url.pathname !== '/agent/progress')
      say(url.pathname.slice(7), text.trim().replaceAll('\n', '\n      '));
    const answer = (kind: string, fields: Record<string, string>): void => {
      response.end(formatRecords([{ kind, fields }]));
    };
    if (url.pathname === '/agent/hello') return answer('session', { token: 's'.repeat(43), order: 'o', machine: 'm' });
    if (url.pathname === '/agent/inventory')
      disk ||= records.find(({ kind }) => kind === 'disk')?.fields.serial ?? 'no-serial:sda';
    key = records.find(({ kind }) => kind === 'installed')?.fields.key ?? key;
    if (records.some(({ kind }) => kind === 'erased')) advance();
    if (url.pathname === '/agent/burnin' || url.pathname === '/agent/installed') advance();
    if (step?.state === 'failed') advance();
    if (url.pathname === '/agent/credentials') return answer('ready', { token: 'r'.repeat(43) });
    if (url.pathname === '/agent/ready') setTimeout(() => process.exit(0), 200);
    if (url.pathname === '/agent/next') {
      if (Number(url.searchParams.get('seq')) > seq) {
        await new Promise<void>((resolve) => {
          waiting = resolve;
          setTimeout(resolve, 20_000);
        });
      }
      response.end(formatRecords([{ kind: 'directive', fields: directive() }, ...targets()]));
      return;
    }
    answer('ok', {});
  },
);

function serveFile(request: IncomingMessage, response: ServerResponse): void {
  const path = join(
    folder,
    normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)).replace(/^\/files/, ''),
  );
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    response.statusCode = 404;
    response.end();
    return;
  }
  response.setHeader('content-length', size);
  createReadStream(path).pipe(response);
}

const files = createPlain(serveFile);
await Promise.all([api, files].map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
say('api', (api.address() as AddressInfo).port, 'files', (files.address() as AddressInfo).port);
