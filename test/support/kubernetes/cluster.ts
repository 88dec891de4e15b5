import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasEnded, stopChild, until } from '../../../host/child.ts';
import { findPort } from '../../../host/port.ts';
import type { Connection } from '../../../integrations/http/connection.ts';
import { type HttpRequest, openOutside } from '../../../integrations/http/http.ts';
import { tethered } from '../tethered.ts';
import { findKubernetes } from './binary.ts';

/** A real API server with a store of its own; no controllers, scheduler or kubelets, whose parts a suite plays. */
export interface KubernetesCluster {
  readonly origin: string;
  /** To verify its certificate. */
  readonly ca: string;
  /** What an administrator asks; the JSON of the answer. Throws OutsideError. */
  admin<T = Record<string, unknown>>(call: HttpRequest): Promise<T>;
  /** A connection as a secret holds it. */
  connection(token: string): Connection;
  stop(): Promise<void>;
}

const adminToken = 'administrator-of-this-suite';

/** Starts one on free ports; null, with a line that says why, where it can't be had. */
export async function startKubernetes(): Promise<KubernetesCluster | null> {
  const found = await findKubernetes(process.env);
  if ('why' in found) {
    console.log(`skipped: no Kubernetes API server: ${found.why}`);
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), 'farrier-kubernetes-'));
  const children: ChildProcess[] = [];
  const start = async (name: string, ...args: string[]) => {
    const log = openSync(join(folder, `${name}.log`), 'a');
    const child = spawn(...(await tethered(found.program, name, ...args)), { stdio: ['ignore', log, log] });
    child.on('error', () => {});
    children.push(child);
  };
  const stop = async () => {
    for (const child of children.toReversed()) await stopChild(child, 'SIGKILL', 10_000);
    await rm(folder, { recursive: true, force: true });
  };
  const [clients, peer, port] = await Promise.all(['clients', 'peers', 'API'].map((what) => findPort(what, 0)));
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const at = (name: string) => join(folder, name);
  await writeFile(at('sa.pub'), keys.publicKey);
  await writeFile(at('sa.key'), keys.privateKey);
  await writeFile(at('tokens.csv'), `${adminToken},admin,1,"system:masters"\n`);
  await start('etcd', at('store'), `http://127.0.0.1:${clients}`, `http://127.0.0.1:${peer}`);
  await start(
    'apiserver',
    `--etcd-servers=http://127.0.0.1:${clients}`,
    `--cert-dir=${at('certs')}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${at('sa.pub')}`,
    `--service-account-signing-key-file=${at('sa.key')}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${at('tokens.csv')}`,
    '--disable-admission-plugins=ServiceAccount',
  );
  const origin = `https://127.0.0.1:${port}`;
  const certificate = await until(
    300_000,
    () => readFile(join(at('certs'), 'apiserver.crt'), 'utf8').catch(() => null),
    () => children.some(hasEnded),
  );
  const connection = (token: string): Connection => ({ origin, token, plainHttp: false, ca: certificate ?? '' });
  const admin = async <T>(call: HttpRequest): Promise<T> => {
    const outside = openOutside(connection(adminToken));
    try {
      const headers = { authorization: `Bearer ${adminToken}`, ...call.headers };
      return JSON.parse((await outside.send({ ...call, headers })).text) as T;
    } finally {
      await outside.close();
    }
  };
  const isReady = () =>
    admin({ method: 'GET', path: '/api/v1/namespaces/default' }).then(
      () => true,
      () => null,
    );
  const ready = certificate === null ? null : await until(300_000, isReady, () => children.some(hasEnded));
  if (ready) return { origin, ca: certificate ?? '', admin, connection, stop };
  const log = await readFile(at('apiserver.log'), 'utf8').catch(() => '');
  await stop();
  throw new Error(`the API server does not serve: ${log.trim().split('\n').slice(-3).join(' ')}`);
}
