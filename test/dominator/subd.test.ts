import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, openAuthority } from '../../boot/authority.ts';
import { imageSystems } from '../../boot/imagesystem/index.ts';
import type { Supplies } from '../../boot/imagesystem/system.ts';
import { findPort } from '../../host/port.ts';
import { tethered } from '../support/tethered.ts';
import { buildReal } from './real.ts';
import { callSrpc, type Keys } from './srpc.ts';

const real = await buildReal();
const why = 'why' in real ? real.why : process.getuid?.() === 0 ? null : 'it mounts, which only root may';
if (why !== null) console.log(`skipped, no real subd gets the credentials of a machine: ${why}`);

describe.skipIf(why !== null)("the Dominator's own subd", () => {
  let folder: string;
  let root: string;
  let port: number;
  let authority: Authority;
  let access: Authority;
  let subd: ChildProcess | undefined;
  let said = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farrier-subd-'));
    root = join(folder, 'root');
    authority = await openAuthority(join(folder, 'authority'));
    // Another root, as a site has that ran a Dominator before it had Farrier.
    access = await openAuthority(join(folder, 'access'));
    await writeRoot(await supplies());
    port = await findPort('subd', 0);
    await startSubd();
  });
  afterAll(async () => {
    if (subd?.exitCode === null) {
      const gone = new Promise((resolve) => subd?.once('exit', resolve));
      subd.kill();
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function supplies(): Promise<Supplies> {
    const images = join(folder, 'images');
    await mkdir(join(images, 'boot'), { recursive: true });
    await copyFile(join('folder' in real ? real.folder : '', 'subd'), join(images, 'boot/subd'));
    const accessCaFile = join(folder, 'access-ca.pem');
    await writeFile(accessCaFile, access.caPem);
    return { authority, images, accessCaFile };
  }

  /** As the agent does it from the record that the agent API answers. */
  async function writeRoot(given: Supplies): Promise<void> {
    const parts = await imageSystems.dominator.supply('a01-u01', given);
    if ('missing' in parts) throw new Error(parts.missing);
    const { ca = '', cert = '', key = '', path = '', bytes, sha256 = '', signature = '' } = parts[0]?.fields ?? {};
    expect(authority.verifyImage(sha256, signature)).toBe(true);
    const binary = await readFile(join(given.images, path));
    expect(binary.length).toBe(Number(bytes));
    for (const name of ['etc/ssl/subd', 'usr/local/sbin']) await mkdir(join(root, name), { recursive: true });
    await writeFile(join(root, 'etc/ssl/CA.pem'), ca);
    await writeFile(join(root, 'etc/ssl/subd/cert.pem'), cert);
    await writeFile(join(root, 'etc/ssl/subd/key.pem'), key, { mode: 0o600 });
    await writeFile(join(root, 'usr/local/sbin/subd'), binary, { mode: 0o755 });
  }

  /** In a mount namespace of its own, with the very options of the new root's init. */
  async function startSubd(): Promise<void> {
    const init = await readFile(new URL('../../boot/image/reporter/subd-init', import.meta.url), 'utf8');
    const usual = init.match(/-(default|rootDevice)\w+=\w+/g) ?? [];
    expect(usual).toContain('-defaultNetworkSpeedPercent=100');
    const files = { CAfile: 'etc/ssl/CA.pem', certFile: 'etc/ssl/subd/cert.pem', keyFile: 'etc/ssl/subd/key.pem' };
    const own = [
      ...Object.entries(files).map(([flag, path]) => `-${flag}=${join(root, path)}`),
      `-rootDir=${root}`,
      `-portNum=${port}`,
      `-pidfile=${join(folder, 'subd.pid')}`,
      `-configDirectory=${join(folder, 'none')}`,
      `-logDir=`,
    ];
    subd = spawn(...(await tethered('unshare', '-m', join(root, 'usr/local/sbin/subd'), ...usual, ...own)), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [subd.stdout, subd.stderr]) {
      stream?.on('data', (chunk) => {
        said += chunk;
      });
    }
    const end = Date.now() + 120_000;
    while (
      !(await fetch(`http://127.0.0.1:${port}/`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      if (subd.exitCode !== null || Date.now() > end) throw new Error(`subd does not answer: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** A certificate that names methods of `subd`, as a Dominator holds one. */
  async function accessKeys(issuer: string, methods: string): Promise<Keys> {
    const file = (name: string) => join(folder, name);
    const list = `1.3.6.1.4.1.9586.100.7.1=ASN1:SEQUENCE:methods\nextendedKeyUsage=clientAuth\n`;
    const extension = `extensions=x\n[x]\n${list}[methods]\nmethod=UTF8:${methods}\n`;
    await writeFile(file('extensions'), extension);
    const run = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' });
    run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('dom.key'));
    run('req', '-new', '-key', file('dom.key'), '-subj', '/CN=dominator', '-out', file('dom.csr'));
    const by = ['-CA', join(folder, issuer, 'ca.crt'), '-CAkey', join(folder, issuer, 'ca.key'), '-CAcreateserial'];
    run('x509', '-req', '-in', file('dom.csr'), ...by, '-extfile', file('extensions'), '-out', file('dom.crt'));
    return { cert: await readFile(file('dom.crt'), 'utf8'), key: await readFile(file('dom.key'), 'utf8') };
  }

  test('starts with what a machine is given, and shows the machine’s certificate', async () => {
    const keys = await accessKeys('access', 'Subd.*');
    const answer = await callSrpc(port, keys, 'Subd.GetConfiguration');
    expect(answer.peer).toMatchObject({ subject: { CN: 'a01-u01' }, issuer: { CN: 'Farrier site authority' } });
    expect(said).not.toMatch(/insecure|CA/);
  });

  test('fetches unthrottled: its limits are those of the first install', async () => {
    const keys = await accessKeys('access', 'Subd.*');
    const { reply } = await callSrpc(port, keys, 'Subd.GetConfiguration');
    expect(reply).toMatchObject({ NetworkSpeedPercent: 100, ScanSpeedPercent: 100, CpuPercent: 100 });
  });

  test("takes orders from the site's access root only, and only those that its certificates name", async () => {
    const few = await accessKeys('access', 'Subd.Poll');
    expect(await callSrpc(port, few, 'Subd.Update')).toMatchObject({ refused: 'access to method denied' });
    const another = await accessKeys('authority', '*.*');
    await expect(callSrpc(port, another, 'Subd.Update')).rejects.toThrow();
    const machine = await authority.issueMachineCertificate('a01-u02');
    await expect(callSrpc(port, { cert: machine.certificatePem, key: machine.keyPem }, 'Subd.Poll')).rejects.toThrow();
  });
});
