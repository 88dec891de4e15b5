import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, type ProcessIdentity } from './identity.ts';
import { type Usage, usageOf } from './usage.ts';

/** One run of a service. */
export interface Running {
  /** Leader of the process group. */
  readonly pid: number;
  /** Where it can be reached, as it says itself. */
  readonly addresses: Readonly<Record<string, unknown>>;
  /** Settles when it is gone, asked or not, with how it went; never rejects. */
  readonly ended: Promise<string>;
  /** Stops it politely, then by force; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Something that runs beside us: our own programs, PostgreSQL, Temporal. */
export interface Service {
  readonly name: string;
  readonly log: string;
  /** Resolves when it serves. Rejects, leaving no process behind, when it does not, or soon after the abort. */
  start(abort: AbortSignal): Promise<Running>;
}

export type ServiceState = 'starting' | 'ready' | 'restarting' | 'stopping' | 'ended';

export interface Supervised {
  readonly name: string;
  readonly state: ServiceState;
  /** Null while it does not serve. */
  readonly pid: number | null;
  /** Times it was started again after it had ended by itself. */
  readonly restarts: number;
  /** How it last ended, or why it did not start; null when neither has happened. */
  readonly lastEnd: string | null;
  readonly addresses: Readonly<Record<string, unknown>>;
  readonly log: string;
}

export interface SupervisorOptions {
  /** Shortest and longest wait before a crashed service is started again, in milliseconds; 250 and 10,000. */
  readonly backoff?: { readonly min: number; readonly max: number };
}

interface Entry {
  readonly service: Service;
  running: Running | null;
  state: ServiceState;
  restarts: number;
  lastEnd: string | null;
  addresses: Readonly<Record<string, unknown>>;
  /** What its present run was last seen to use, and the processor seconds of the runs before. */
  seen: Usage;
  spent: number;
  /** Settles when nothing of it is left and nothing will be started again. */
  over: Promise<void>;
}

const nothing: Usage = { cpuSeconds: 0, rssMib: 0, processes: 0 };
/** A service that ran this long, in milliseconds, is restarted without a growing wait. */
const peaceMs = 60_000;

/**
 * Runs services: starts each again when it ends by itself, and stops them in the reverse of the order in which
 * they were started. Emits `change` with a name whenever a service's state changes.
 */
export class Supervisor extends EventEmitter<{ change: [name: string] }> {
  readonly #backoff: { readonly min: number; readonly max: number };
  readonly #entries = new Map<string, Entry>();
  readonly #stopping = new AbortController();

  constructor(options: SupervisorOptions = {}) {
    super();
    this.#backoff = options.backoff ?? { min: 250, max: 10_000 };
  }

  /** Starts a service and waits until it serves. When it does not, throws what the service threw and forgets it. */
  async start(service: Service): Promise<Supervised> {
    const { name } = service;
    if (this.#entries.has(name)) throw new Error(`${name} is already supervised`);
    if (this.#stopping.signal.aborted) throw new Error(`${name} cannot start: everything is being stopped`);
    const entry = newEntry(service);
    this.#entries.set(name, entry);
    const first = this.#launch(entry);
    entry.over = this.#keepUp(entry, first);
    try {
      await first;
    } catch (error) {
      this.#entries.delete(name);
      throw error;
    }
    return show(entry);
  }

  /** Services in the order they were started. */
  list(): Supervised[] {
    return [...this.#entries.values()].map(show);
  }

  find(name: string): Supervised | null {
    const entry = this.#entries.get(name);
    return entry ? show(entry) : null;
  }

  /** The live leaders, so that a later run can find what this one left behind. */
  identities(): ProcessIdentity[] {
    return this.list().flatMap(({ pid }) => (pid === null ? [] : (identify(pid) ?? [])));
  }

  /** Signals a service's whole group: SIGKILL to crash it, SIGSTOP to pause it, SIGCONT to let it go on. */
  signal(name: string, signal: NodeJS.Signals): void {
    const pid = this.#entries.get(name)?.running?.pid;
    if (pid === undefined) throw new Error(`${name} is not running`);
    process.kill(-pid, signal);
  }

  /** Waits until a service serves for at least the given number of restarts, e.g. 1 after it was killed once. */
  async settled(name: string, restarts = 0): Promise<Supervised> {
    for (;;) {
      const service = this.find(name);
      if (service === null || service.state === 'ended') throw new Error(`${name} is not supervised any more`);
      if (service.state === 'ready' && service.restarts >= restarts) return service;
      await new Promise<void>((resolve) => this.once('change', () => resolve()));
    }
  }

  /** Memory now and processor seconds of all runs, as far as they were seen, by service. */
  async usage(): Promise<Record<string, Usage>> {
    const live = [...this.#entries.values()].flatMap((entry) => (entry.running ? { entry, run: entry.running } : []));
    const usages = await usageOf(live.map(({ run }) => run.pid));
    for (const { entry, run } of live) {
      if (entry.running === run) entry.seen = usages.get(run.pid) ?? entry.seen;
    }
    return Object.fromEntries([...this.#entries].map(([name, entry]) => [name, totalOf(entry)]));
  }

  /** Stops every service, last started first. A second call waits for the same end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const entry of [...this.#entries.values()].reverse()) {
      if (entry.running) {
        this.#move(entry, 'stopping');
        await entry.running.stop();
      }
      await entry.over;
      this.#move(entry, 'ended');
    }
  }

  /** Kills every service at once, without asking. */
  kill(): void {
    this.#stopping.abort();
    for (const { name, pid } of this.list()) if (pid !== null) this.signal(name, 'SIGKILL');
  }

  async #launch(entry: Entry): Promise<Running> {
    const running = await entry.service.start(this.#stopping.signal);
    // It may not have heard of the stop, which has passed it by.
    if (this.#stopping.signal.aborted) await running.stop();
    entry.running = running;
    entry.addresses = running.addresses;
    entry.seen = nothing;
    this.#move(entry, 'ready');
    return running;
  }

  /** Rejects never: what the first start throws is told to the caller of `start`. */
  async #keepUp(entry: Entry, first: Promise<Running>): Promise<void> {
    let next: Promise<Running> = first;
    // Starts in a row without a minute of peace between them; the wait grows with it.
    let streak = 0;
    for (;;) {
      const began = Date.now();
      entry.lastEnd = await next.then((running) => running.ended, messageOf);
      const neverServed = entry.running === null && entry.restarts === 0;
      entry.running = null;
      entry.spent += entry.seen.cpuSeconds;
      entry.seen = nothing;
      if (neverServed || this.#stopping.signal.aborted) return;
      this.#move(entry, 'restarting');
      streak = Date.now() - began > peaceMs ? 1 : streak + 1;
      await sleep(this.#wait(streak), undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      entry.restarts += 1;
      next = this.#launch(entry);
    }
  }

  #wait(streak: number): number {
    return Math.min(this.#backoff.max, this.#backoff.min * 2 ** (streak - 1));
  }

  #move(entry: Entry, state: ServiceState): void {
    if (entry.state === state) return;
    entry.state = state;
    this.emit('change', entry.service.name);
  }
}

function newEntry(service: Service): Entry {
  return {
    service,
    running: null,
    state: 'starting',
    restarts: 0,
    lastEnd: null,
    addresses: {},
    seen: nothing,
    spent: 0,
    over: Promise.resolve(),
  };
}

function show(entry: Entry): Supervised {
  const { service, state, running, restarts, lastEnd, addresses } = entry;
  return { name: service.name, log: service.log, state, pid: running?.pid ?? null, restarts, lastEnd, addresses };
}

function totalOf(entry: Entry): Usage {
  return { ...entry.seen, cpuSeconds: entry.seen.cpuSeconds + entry.spent };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
