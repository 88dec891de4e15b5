import { type ExecFileException, execFile } from 'node:child_process';
import { OutsideError, type OutsideErrorKind } from '../http/errors.ts';

/** Milliseconds and bytes that one command may take. */
const limits = { timeout: 60_000, maxBuffer: 256 * 1024 * 1024 };

/** What a command says, and the kind of trouble that it means. */
export type Sayings = readonly (readonly [RegExp, OutsideErrorKind])[];

export interface CommandSetting {
  /** The worker's own environment by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Commands tell trouble in words only. Those that are not known mean `failed`, which is tried again. */
  readonly sayings?: Sayings;
}

/** Runs a scheduler's command without a shell, bounded in time and output; what it writes to its standard output. */
export function runCommand(command: string, args: readonly string[], setting: CommandSetting = {}): Promise<string> {
  const env = setting.env ?? process.env;
  return new Promise((resolve, reject) => {
    execFile(command, args, { ...limits, env, killSignal: 'SIGKILL' }, (error, out, said) => {
      if (error === null) resolve(out);
      else reject(explain(command, error, `${said}${out}`, setting.sayings ?? []));
    });
  });
}

function explain(command: string, error: ExecFileException, said: string, sayings: Sayings): OutsideError {
  if (error.code === 'ENOENT') return new OutsideError('settings', `${command} is not on this worker's PATH`);
  if (error.code === 'EACCES') return new OutsideError('settings', `this worker may not run ${command}`);
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return new OutsideError('garbage', `${command} wrote more than ${limits.maxBuffer} bytes`);
  if (error.killed === true) return new OutsideError('timeout', `${command} did not end in ${limits.timeout / 1000} s`);
  const kind = sayings.find(([words]) => words.test(said))?.[1] ?? 'failed';
  const sentence = said
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 200);
  return new OutsideError(kind, `${command} failed: ${sentence || `exit ${error.code ?? error.signal}`}`);
}
