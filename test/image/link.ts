import { execFileSync, spawnSync } from 'node:child_process';
import { inNamespace } from '../../sim/vm/network.ts';

/** Why no network namespace with links of its own can be made here, in a few words; null when it can. */
export function whyNoLink(...wanted: readonly string[]): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const runs = (program: string) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
  const missing = ['ip', 'musl-gcc', ...wanted].filter((program) => !runs(program));
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const trial = spawnSync('ip', ['netns', 'add', `farrier-try-${process.pid}`]);
  if (trial.status === 0) spawnSync('ip', ['netns', 'del', `farrier-try-${process.pid}`]);
  return trial.status === 0 ? null : 'the kernel refuses network namespaces';
}

/** Runs `ip` and gives what it printed. */
export function ip(...words: string[]): string {
  return execFileSync('ip', words, { encoding: 'utf8' });
}

/** The same inside a network namespace. */
export function ipIn(namespace: string, ...words: string[]): string {
  return execFileSync(...inside(namespace, 'ip', ...words), { encoding: 'utf8' });
}

/** A command and its arguments, to be run inside a network namespace. */
export function inside(namespace: string, ...words: string[]): [command: string, argv: string[]] {
  const [command = '', ...argv] = inNamespace(namespace, words);
  return [command, argv];
}
