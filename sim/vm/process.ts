import { type ChildProcess, execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

export interface ProcessEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without a shell; a non-zero end is a value, not an exception. */
export function runProcess(argv: readonly string[], timeoutMs = 20_000): Promise<ProcessEnd> {
  const [file = '', ...rest] = argv;
  return new Promise((resolve) => {
    execFile(file, rest, { timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
    });
  });
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already, which is what was wanted.
  }
}

/** Ends the processes that `list` names: asks them, and after the grace kills whichever are still there. */
export async function endAll(list: () => Promise<readonly number[]>, graceMs = 5000): Promise<void> {
  for (const pid of await list()) signal(pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  let left = await list();
  while (left.length > 0 && Date.now() < deadline) {
    await delay(50);
    left = await list();
  }
  for (const pid of left) signal(pid, 'SIGKILL');
  while ((await list()).length > 0 && Date.now() < deadline + graceMs) await delay(50);
}

/** Resolves when the child has ended; false if the time passed first. */
export async function ended(child: ChildProcess, withinMs: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.off('exit', onExit);
      resolve(false);
    }, withinMs);
    const onExit = () => {
      clearTimeout(timer);
      resolve(true);
    };
    child.once('exit', onExit);
  });
}
