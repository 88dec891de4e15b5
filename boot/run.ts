/**
 * Runs a process until SIGTERM or SIGINT: `work` ends by itself once the signal is given. What it throws is told in
 * one line and ends the process with status 1.
 */
export async function runMain(work: (stopping: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  try {
    await work(stop.signal);
    process.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
