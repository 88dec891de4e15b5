import { spawnSync } from 'node:child_process';

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
