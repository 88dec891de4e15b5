import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '../../../host/cache.ts';
import { findGo } from '../../../host/go.ts';
import { isExecutable } from '../../../host/path.ts';

const run = promisify(execFile);
const version = '1.36.3';

/** Modules of the Kubernetes repository: its go.mod replaces each by a folder, which who depends on it has to repeat. */
const staged =
  'api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap ' +
  'code-generator component-base component-helpers controller-manager cri-api cri-client cri-streaming streaming ' +
  'csi-translation-lib dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator ' +
  'kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission ' +
  'sample-apiserver sample-cli-plugin sample-controller';

function moduleFile(): string {
  const own = `v0.${version.slice(2)}`;
  const replaced = staged.split(' ').map((name) => `  k8s.io/${name} => k8s.io/${name} ${own}`);
  return [
    'module kube',
    'go 1.26.0',
    `require (\n  k8s.io/kubernetes v${version}\n  k8s.io/component-base ${own}\n)`,
    `replace (\n${replaced.join('\n')}\n)`,
    '',
  ].join('\n');
}

/**
 * The API server and its store as one program, from the cache. It takes 12 minutes of processor time and 8 GB of disk to
 * build, which only `scripts/test --long` does, and nothing that can be downloaded; else a sentence.
 */
export async function findKubernetes(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly program: string } | { readonly why: string }> {
  const folder = join(cacheFolder(environment), 'kubernetes', version);
  const program = join(folder, 'kube');
  if (await isExecutable(program)) return { program };
  if (!environment['FARRIER_LONG']) return { why: 'it is not built yet, which scripts/test --long does' };
  const go = await findGo(environment['PATH'] ?? '');
  if (go === null) return { why: 'Go is not installed' };
  const fresh = await mkdtemp(join(tmpdir(), 'farrier-kube-'));
  try {
    await writeFile(join(fresh, 'go.mod'), moduleFile());
    await copyFile(fileURLToPath(new URL('./main.go', import.meta.url)), join(fresh, 'main.go'));
    const env = { ...process.env, GOTOOLCHAIN: 'auto', CGO_ENABLED: '0', GOFLAGS: '-mod=mod' };
    const options = { cwd: fresh, env, maxBuffer: 64 * 1024 * 1024 };
    await run(go, ['mod', 'tidy'], options);
    await run(go, ['build', '-trimpath', '-ldflags=-s -w', '-o', 'kube', '.'], options);
    await mkdir(folder, { recursive: true });
    await copyFile(join(fresh, 'kube'), `${program}.new`);
    await rename(`${program}.new`, program);
    return { program };
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    return { why: `it could not be built: ${stderr.trim().split('\n').at(-1) ?? error}` };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
