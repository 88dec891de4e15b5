/** Keycloak, with a realm of the suite's own. It is fetched and unpacked once, which takes minutes. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../host/cache.ts';
import { hasEnded, stopChild, until } from '../../host/child.ts';
import { onPath } from '../../host/path.ts';
import { findPort } from '../../host/port.ts';
import { tethered } from './tethered.ts';

const run = promisify(execFile);
const version = '26.4.0';
/** It answers one person. */
const lean = { JAVA_OPTS_KC_HEAP: '-Xmx512m', JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1' };

export interface Keycloak {
  readonly issuer: string;
  /** Asks its administrators' API, below the realm; gives the answer where there is one. */
  admin(method: string, path: string, body?: object): Promise<unknown>;
  stop(): Promise<void>;
}

/** Its folder, or why it is not here. Only `scripts/test --long` fetches it. */
export async function findKeycloak(): Promise<{ readonly folder: string } | { readonly why: string }> {
  if (process.env['FARRIER_LONG'] !== '1') return { why: 'it takes a minute, and runs with scripts/test --long only' };
  for (const program of ['java', 'bash'])
    if ((await onPath(program, process.env['PATH'] ?? '')) === null) return { why: `needs ${program}` };
  const folder = join(cacheFolder(process.env), 'keycloak', version);
  if ((await readdir(folder).catch(() => [])).length > 0) return { folder };
  const mvn = await onPath('mvn', process.env['PATH'] ?? '');
  if (mvn === null) return { why: 'needs mvn, which scripts/packages installs' };
  const fresh = `${folder}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${version}:zip`;
  try {
    const goal = ['dependency:unpack', artifact, `-DoutputDirectory=${fresh}`];
    await run(mvn, ['--batch-mode', '--quiet', ...goal], { cwd: fresh, timeout: 600_000 });
    const unpacked = join(fresh, `keycloak-${version}`);
    // What it would do at every start otherwise, for a minute.
    const options = ['--db=dev-file', '--health-enabled=false', '--metrics-enabled=false'];
    await run('bash', [join(unpacked, 'bin', 'kc.sh'), 'build', ...options], { timeout: 600_000 });
    await rename(unpacked, folder);
    return { folder };
  } catch (error) {
    return { why: `it cannot be fetched: ${(error as Error).message.split('\n')[0]}` };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** `realm` is as Keycloak imports one. It takes half a minute. */
export async function startKeycloak(folder: string, realm: { readonly realm: string }): Promise<Keycloak> {
  const own = await mkdtemp(join(tmpdir(), 'farrier-keycloak-'));
  // It writes into its own folder: each run has a copy, of which the large part is shared.
  await run('cp', ['-a', ...(await readdir(folder)).map((name) => join(folder, name)), own]);
  await mkdir(join(own, 'data', 'import'), { recursive: true });
  await writeFile(join(own, 'data', 'import', `${realm.realm}.json`), JSON.stringify(realm));
  const port = await findPort('Keycloak', 0);
  const where = ['--http-host=127.0.0.1', `--http-port=${port}`, '--http-enabled=true', '--hostname-strict=false'];
  const child = spawn(
    ...(await tethered('bash', join(own, 'bin', 'kc.sh'), 'start', '--optimized', '--import-realm', ...where)),
    {
      env: { ...process.env, ...lean, KC_BOOTSTRAP_ADMIN_USERNAME: 'root', KC_BOOTSTRAP_ADMIN_PASSWORD: 'of a test' },
      stdio: 'ignore',
    },
  );
  const origin = `http://127.0.0.1:${port}`;
  const issuer = `${origin}/realms/${realm.realm}`;
  const stop = async () => {
    await stopChild(child, 'SIGTERM', 30_000);
    await rm(own, { recursive: true, force: true });
  };
  const isUp = () =>
    fetch(`${issuer}/.well-known/openid-configuration`).then(
      ({ ok }) => ok || null,
      () => null,
    );
  if (!(await until(240_000, isUp, () => hasEnded(child)))) {
    await stop();
    throw new Error('Keycloak did not start');
  }
  return {
    issuer,
    admin: async (method, path, body) => {
      const form = { grant_type: 'password', client_id: 'admin-cli', username: 'root', password: 'of a test' };
      const signedIn = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, {
        method: 'POST',
        body: new URLSearchParams(form),
      });
      const { access_token: token } = (await signedIn.json()) as { access_token: string };
      const answer = await fetch(`${origin}/admin/realms/${realm.realm}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to ${method} ${path}`);
      const text = await answer.text();
      return text === '' ? null : JSON.parse(text);
    },
    stop,
  };
}
