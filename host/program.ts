import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ending, hasEnded } from './child.ts';
import { lastWords, parseReady } from './logline.ts';
import type { Running, Service } from './supervise.ts';
import { Trouble } from './trouble.ts';

export interface Program {
  readonly name: string;
  /** The command line; the first is a path or found on the PATH of `env`. */
  readonly command: readonly [string, ...string[]];
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Standard output and error are appended to this file. */
  readonly log: string;
  /** Seconds it may take until it logs `{"msg":"ready", …}`. */
  readonly readySeconds: number;
  /** Seconds between SIGTERM and SIGKILL; 10 by default. */
  readonly stopSeconds?: number;
}

/**
 * A program as a service: a process group of its own that is ready when it logs a line `{"msg":"ready", …}`.
 * Starting throws Trouble, naming the log and its last words, when it ends or stays silent before that.
 */
export function programService(program: Program): Service {
  return { name: program.name, log: program.log, start: (abort) => startProgram(program, abort) };
}

async function startProgram(program: Program, abort: AbortSignal): Promise<Running> {
  const { child, from } = launch(program);
  const ended = ending(child);
  const stop = () => stopGroup(child, ended, (program.stopSeconds ?? 10) * 1000);
  const over = new AbortController();
  void ended.then(() => over.abort());
  const late = AbortSignal.timeout(program.readySeconds * 1000);
  const addresses = await readyLine(program.log, from, AbortSignal.any([over.signal, late, abort]));
  if (addresses !== null && child.pid !== undefined) return { pid: child.pid, addresses, ended, stop };
  const why = over.signal.aborted
    ? `ended with ${await ended} before it was ready`
    : `was not ready after ${program.readySeconds} seconds`;
  await stop();
  const words = await lastWords(program.log, from);
  throw new Trouble(
    `${program.name} ${abort.aborted ? 'was stopped' : why}${words && `: ${words}`} (log: ${program.log})`,
  );
}

function launch(program: Program): { child: ChildProcess; from: number } {
  mkdirSync(dirname(program.log), { recursive: true });
  const log = openSync(program.log, 'a', 0o640);
  const from = statSync(program.log).size;
  const [file, ...args] = program.command;
  // A group of its own: Ctrl-C at the terminal must reach Farrier, which stops the programs in order. The output
  // goes straight to the file, so that nothing is lost or blocked when Farrier itself ends.
  const child = spawn(file, args, {
    cwd: program.cwd,
    env: program.env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return { child, from };
}

/** Asks the whole group with SIGTERM, and insists with SIGKILL; resolves when the leader is gone. */
async function stopGroup(child: ChildProcess, ended: Promise<string>, patienceMs: number): Promise<void> {
  const send = (signal: NodeJS.Signals) => signalGroup(child, signal);
  // Paused, it could not hear the polite signal.
  send('SIGCONT');
  send('SIGTERM');
  const insist = setTimeout(() => send('SIGKILL'), patienceMs);
  if (child.pid !== undefined) await ended;
  clearTimeout(insist);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || hasEnded(child)) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Ended between the check and the call.
  }
}

/** Follows the log from where this run began until a line says *ready*; null when told to give up. */
async function readyLine(
  path: string,
  from: number,
  giveUp: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | null> {
  const file = await open(path, 'r');
  const buffer = Buffer.alloc(64 * 1024);
  let at = from;
  let rest = '';
  try {
    while (!giveUp.aborted) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      at += bytesRead;
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop()?.slice(-4096) ?? '';
      const ready = lines.map(parseReady).find((fields) => fields !== null);
      if (ready) return ready;
      if (bytesRead === 0) await sleep(40, undefined, { signal: giveUp }).catch(() => {});
    }
    return null;
  } finally {
    await file.close();
  }
}
