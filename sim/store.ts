import { mkdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SimState } from './state.ts';

// Long enough that a rack in full birth is written once for many changes, short enough that a crash loses little.
const writeAfter = 500;

/** Keeps machines' states on disk, one file a rack, written a moment after the last of many changes. */
export class Store {
  readonly #folder: string;
  readonly #racks = new Map<string, Record<string, SimState>>();
  readonly #dirty = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  readonly #failed: (error: unknown) => void;

  constructor(folder: string, failed: (error: unknown) => void) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#failed = failed;
  }

  /** The state of a machine as it was last written, or the fresh one. */
  open(rackId: string, machineId: string, fresh: () => SimState): SimState {
    const rack = this.#racks.get(rackId) ?? this.#load(rackId);
    rack[machineId] ??= fresh();
    return rack[machineId];
  }

  #load(rackId: string): Record<string, SimState> {
    let rack: Record<string, SimState> = {};
    try {
      rack = JSON.parse(readFileSync(this.#path(rackId), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        throw new Error(`${this.#path(rackId)} cannot be read: ${(error as Error).message}`);
    }
    this.#racks.set(rackId, rack);
    return rack;
  }

  #path(rackId: string): string {
    return join(this.#folder, `rack-${rackId}.json`);
  }

  touch(rackId: string): void {
    this.#dirty.add(rackId);
    this.#timer ??= setTimeout(() => void this.flush(), writeAfter);
  }

  /** Writes what has changed; resolves when it is on disk. */
  flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#write()).catch(this.#failed);
    return this.#writing;
  }

  async #write(): Promise<void> {
    for (const rackId of [...this.#dirty]) {
      this.#dirty.delete(rackId);
      const path = this.#path(rackId);
      await writeFile(`${path}.new`, JSON.stringify(this.#racks.get(rackId)), { mode: 0o600 });
      await rename(`${path}.new`, path);
    }
  }
}
