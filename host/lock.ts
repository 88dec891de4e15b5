import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from './identity.ts';
import { folderTrouble, Trouble } from './trouble.ts';

/** Somebody who lives holds the lock. */
export class LockHeld extends Trouble {}

interface Content {
  readonly owner: ProcessIdentity;
  /** Leaders of the process groups that the owner runs. */
  readonly children: readonly ProcessIdentity[];
}

/** Says that a data folder is in use, by whom, and what that one runs. */
export interface Lock {
  /** Processes that an earlier owner left behind when it was killed. */
  readonly leftovers: readonly ProcessIdentity[];
  /** Writes down what runs now, so that the next owner can end it if this one is killed. */
  note(children: readonly ProcessIdentity[]): void;
  release(): void;
}

/** Takes a lock file. Throws Trouble when a live process holds it; a dead one's lock is taken over. */
export function takeLock(path: string, what: string): Lock {
  const owner = identify(process.pid);
  if (owner === null) throw new Error('this process has no entry in the process table');
  const held = claim(path, what, { owner, children: [] });
  let released = false;
  return {
    leftovers: held?.children.filter(isAlive) ?? [],
    note: (children) => {
      if (!released) replace(path, { owner, children });
    },
    release: () => {
      released = true;
      rmSync(path, { force: true });
    },
  };
}

/** Returns what a dead owner wrote, or null when there was none. */
function claim(path: string, what: string, content: Content): Content | null {
  try {
    mkdirSync(dirname(path), { recursive: true });
    for (let stale: Content | null = null; ; ) {
      if (create(path, content)) return stale;
      stale = read(path);
      if (stale && isAlive(stale.owner)) {
        throw new LockHeld(
          `${what} is in use by another Farrier (process ${stale.owner.pid}); stop it or give another folder`,
        );
      }
      setAside(path, content.owner);
    }
  } catch (error) {
    throw folderTrouble(dirname(path), error) ?? error;
  }
}

function create(path: string, content: Content): boolean {
  try {
    writeFileSync(path, JSON.stringify(content), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

// Of two that find the same stale lock, only one can rename it; the other then meets the winner's fresh one.
function setAside(path: string, owner: ProcessIdentity): void {
  const aside = `${path}.${owner.pid}`;
  try {
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

function replace(path: string, content: Content): void {
  const fresh = `${path}.${content.owner.pid}`;
  writeFileSync(fresh, JSON.stringify(content), { mode: 0o600 });
  renameSync(fresh, path);
}

/** Null for a file that says nothing: it was cut off while it was written, so its owner is gone. */
function read(path: string): Content | null {
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as Partial<Content>;
    if (typeof content.owner?.pid !== 'number' || !Array.isArray(content.children)) return null;
    return { owner: content.owner, children: content.children };
  } catch {
    return null;
  }
}

/** Ends process groups that nobody supervises any more: SIGTERM, and SIGKILL after the limit. */
export async function endLeftovers(leftovers: readonly ProcessIdentity[], limitMs = 15_000): Promise<void> {
  const signalGroup = (one: ProcessIdentity, signal: NodeJS.Signals) => {
    if (!isAlive(one)) return;
    try {
      process.kill(-one.pid, signal);
    } catch {
      // Ended between the check and the call.
    }
  };
  for (const one of leftovers) signalGroup(one, 'SIGTERM');
  const limit = Date.now() + limitMs;
  while (leftovers.some(isAlive) && Date.now() < limit) await sleep(50);
  for (const one of leftovers) signalGroup(one, 'SIGKILL');
}
