import type { UpOptions } from './options.ts';
import { runUp } from './run.ts';

/** Runs `up` as this process: Ctrl-C and the usual signals stop it, a second Ctrl-C kills what still stops. */
export async function upHere(options: UpOptions): Promise<void> {
  const stop = new AbortController();
  const kill = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => (stop.signal.aborted && signal === 'SIGINT' ? kill.abort() : stop.abort()));
  }
  const shell = Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (value ? [[key, value]] : [])),
  );
  process.exitCode = await runUp(options, shell, { out: process.stdout, stop: stop.signal, kill: kill.signal });
}
