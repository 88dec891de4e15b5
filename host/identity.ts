import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A process by number and by when it began, so that a number used again by another process is never taken for ours.
 * `began` is opaque: clock ticks since boot on Linux, `ps -o lstart` elsewhere.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly began: string;
}

/** When a process began, or null when there is none by that number. A zombie has ended. */
export function beganAt(pid: number): string | null {
  if (process.platform === 'linux') return linuxBegan(pid);
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

function linuxBegan(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : `${bootId()}/${fields[19]}`;
  } catch {
    return null;
  }
}

/** Ticks count from the host's start, so they name a process only together with which start that was. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

export function identify(pid: number): ProcessIdentity | null {
  const began = beganAt(pid);
  return began === null ? null : { pid, began };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return beganAt(identity.pid) === identity.began;
}
