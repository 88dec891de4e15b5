import { createWriteStream, mkdirSync, readFileSync, truncateSync, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What really happened to a machine, as somebody standing before it would see. */
export const simEffects = [
  'power-on',
  'power-off',
  'reset',
  'power-ignored',
  'boot-override',
  'boot-order',
  'bios-pending',
  'bios-applied',
  'firmware-flashed',
  'password-changed',
  'account-changed',
  'session-opened',
  'session-refused',
  'locked-out',
  'bmc-reset',
  'ac-cycle',
  'indicator',
  'asset-tag',
  'media-inserted',
  'media-ejected',
  'secure-boot',
  'log-cleared',
  'subscribed',
  'unsubscribed',
  'event-told',
  'event-untold',
  'test-event',
  'nmi',
  'boot-request',
  'boot-failed',
  'bootstrap-booted',
  'agent-session',
  'agent-refused',
  'burned-in',
  'keys-discarded',
  'disk-wiped',
  'disk-erased',
  'erase-refused',
  'installed',
  'handed-over',
  'root-filled',
  'disk-booted',
  'no-boot-device',
  'ready',
  'board-replaced',
  'fault-set',
  'fault-cleared',
] as const;
export type SimEffect = (typeof simEffects)[number];

export interface Entry {
  /** Rises by one with every entry, over restarts too. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly machine: string;
  readonly effect: SimEffect;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * The effect journal: written by the simulator alone, one JSON line an effect, so that tests judge the product by what
 * it did to machines and not by what it says it did.
 */
export class Journal {
  readonly #path: string;
  readonly #stream: WriteStream;
  readonly #waiters = new Set<() => void>();
  #seq: number;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#seq = lastSeq(path);
    this.#stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  }

  write(machine: string, effect: SimEffect, detail?: Readonly<Record<string, unknown>>): Entry {
    this.#seq += 1;
    const entry: Entry = { seq: this.#seq, time: new Date().toISOString(), machine, effect, ...(detail && { detail }) };
    this.#stream.write(`${JSON.stringify(entry)}\n`);
    for (const wake of this.#waiters) wake();
    return entry;
  }

  /** Calls back on every entry until the returned function is called. */
  watch(wake: () => void): () => void {
    this.#waiters.add(wake);
    return () => this.#waiters.delete(wake);
  }

  /** Entries behind `since`, at most `limit`, of one machine if it is named. */
  async read({
    since = 0,
    limit = 1000,
    machine,
  }: {
    since?: number;
    limit?: number;
    machine?: string;
  } = {}): Promise<Entry[]> {
    await this.flush();
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    const entries: Entry[] = [];
    for (const line of text.split('\n')) {
      if (line === '' || entries.length === limit) continue;
      const entry = JSON.parse(line) as Entry;
      if (entry.seq > since && (machine === undefined || entry.machine === machine)) entries.push(entry);
    }
    return entries;
  }

  flush(): Promise<void> {
    return new Promise((resolve) => this.#stream.write('', () => resolve()));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(() => resolve()));
  }
}

/** The last whole entry's number; half a line, left by a crash, is cut off. */
function lastSeq(path: string): number {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return 0;
  }
  const end = bytes.lastIndexOf(10) + 1;
  if (end < bytes.length) truncateSync(path, end);
  const start = bytes.lastIndexOf(10, end - 2) + 1;
  return end > 0 ? (JSON.parse(bytes.toString('utf8', start, end)) as Entry).seq : 0;
}
