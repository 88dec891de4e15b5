import { RedfishError } from './errors.ts';
import { adapt, firstSiteLimit, type SiteLimit } from './sitelimit.ts';
import type { Transport } from './transport.ts';

/** A site, and the cap on requests at once to its controllers from one process. */
export interface SiteLoad {
  readonly id: string;
  readonly max: number;
}

/** Lets requests through: as many at once as the site bears, few at a controller, and none behind one that hangs. */
export interface Governor {
  /** Rejects with the signal's reason when it is aborted before the work began. */
  run<T>(to: Addressee, work: () => Promise<T>): Promise<T>;
  /** For people and tests. */
  status(siteId: string): GovernorStatus;
}

export interface Addressee {
  readonly site: SiteLoad;
  readonly origin: string;
  /** A command doesn't wait behind readings. */
  readonly urgent: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface GovernorStatus {
  readonly limit: number;
  readonly running: number;
  /** Running, but given up waiting for: they no longer count. */
  readonly stalled: number;
  readonly waiting: number;
}

/** Quirk 4: controllers have little memory; more at once are not answered sooner. */
const eachController = 2;
/** Without an answer for so many times the usual, a request no longer counts; milliseconds at least and at most. */
const stall = { factor: 4, min: 100, unknown: 50, max: 5000 };
/** Each holds a connection. */
const maxStalled = 4096;
/** Set aside at once, of controllers that had answered: those, or a quarter of the limit. */
const min = 4;
/** Answers until the pace is looked at again; more where more run at once. */
const windowSize = 32;

interface Task {
  readonly start: () => void;
  readonly urgent: boolean;
}

/** A controller of which something is running or waiting. */
interface Lane {
  readonly origin: string;
  readonly waiting: Task[];
  running: number;
  /** Of those running, how many no longer count at the site. */
  stalled: number;
  /** In the queue of those that may go on. */
  queued: boolean;
}

export function openGovernor(now: () => number = () => performance.now()): Governor {
  const sites = new Map<string, Site>();
  const siteOf = ({ id, max }: SiteLoad): Site => {
    const site = sites.get(id) ?? new Site(now);
    site.max = max;
    sites.set(id, site);
    return site;
  };
  return {
    run: ({ site, ...to }, work) => siteOf(site).run(to, work),
    status: (siteId) => (sites.get(siteId) ?? new Site(now)).status(),
  };
}

class Site {
  max = Number.POSITIVE_INFINITY;
  readonly #now: () => number;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes with something to send, each once, in turn. */
  readonly #ready: Lane[] = [];
  /** The same, of controllers that were silent. */
  readonly #aside: Lane[] = [];
  /** Controllers whose last request was never answered: theirs do not count until one is. */
  readonly #silent = new Set<string>();
  readonly #answered = new Set<string>();
  #siteLimit: SiteLimit = firstSiteLimit;
  #running = 0;
  #stalled = 0;
  #times: number[] = [];
  #failures = 0;
  #full = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  status(): GovernorStatus {
    const waiting = [...this.#lanes.values()].reduce((sum, lane) => sum + lane.waiting.length, 0);
    return { limit: this.#limit(), running: this.#running, stalled: this.#stalled, waiting };
  }

  async run<T>({ origin, urgent, signal }: Omit<Addressee, 'site'>, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const lane = this.#laneOf(origin);
    await this.#awaitTurn(lane, urgent, signal);
    return this.#timed(lane, work);
  }

  /** Resolves when a request to this controller may be sent; it then counts as running. */
  #awaitTurn(lane: Lane, urgent: boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        lane.waiting.splice(lane.waiting.indexOf(task), 1);
        this.#drop(lane);
        reject(signal?.reason);
      };
      const start = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const task: Task = { start, urgent };
      signal?.addEventListener('abort', leave, { once: true });
      if (urgent) lane.waiting.splice(lane.waiting.findLastIndex((one) => one.urgent) + 1, 0, task);
      else lane.waiting.push(task);
      this.#enqueue(lane);
      this.#next();
    });
  }

  async #timed<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    const silent = this.#silent.has(lane.origin);
    let counted = true;
    const uncount = () => {
      if (!this.#maySetAside(lane)) {
        timer = setTimeout(uncount, this.#stallTimeout());
        return;
      }
      counted = false;
      this.#running -= 1;
      this.#stalled += 1;
      lane.stalled += 1;
      this.#next();
    };
    const began = this.#now();
    let timer = silent ? undefined : setTimeout(uncount, this.#stallTimeout());
    if (silent) uncount();
    try {
      const result = await work();
      this.#note(lane.origin, this.#now() - began, null);
      return result;
    } catch (error) {
      this.#note(lane.origin, this.#now() - began, error);
      throw error;
    } finally {
      clearTimeout(timer);
      lane.running -= 1;
      if (counted) this.#running -= 1;
      else {
        this.#stalled -= 1;
        lane.stalled -= 1;
      }
      this.#enqueue(lane);
      this.#drop(lane);
      this.#next();
    }
  }

  #note(origin: string, took: number, error: unknown): void {
    if (isSilence(error)) {
      if (this.#answered.has(origin) && !this.#silent.has(origin)) this.#failures += 1;
      this.#silent.add(origin);
    } else {
      this.#silent.delete(origin);
      this.#answered.add(origin);
      this.#times.push(took);
    }
    if (this.#times.length + this.#failures < Math.max(windowSize, this.#siteLimit.limit)) return;
    const [times, failures, full, over] = [this.#times, this.#failures, this.#full, this.#running > this.#limit()];
    this.#siteLimit = adapt(this.#siteLimit, { times, failures, full, over }, this.max);
    [this.#times, this.#failures, this.#full] = [[], 0, false];
  }

  #limit(): number {
    return Math.min(this.#siteLimit.limit, this.max);
  }

  /** Many at once that are slow though they had answered are a site that bears no more, not controllers that hang. */
  #maySetAside({ origin }: Lane): boolean {
    if (this.#silent.has(origin)) return this.#stalled < maxStalled;
    return this.#stalled < (this.#answered.has(origin) ? Math.max(min, this.#limit() / 4) : this.max);
  }

  #stallTimeout(): number {
    const { last } = this.#siteLimit;
    return last === null ? stall.unknown : Math.min(stall.max, Math.max(stall.min, last * stall.factor));
  }

  /** Starts what may be started. Each controller in turn: one with much to ask holds up nobody. */
  #next(): void {
    // What is sent to one that was silent takes nobody's place.
    for (let lane = this.#aside.shift(); lane; lane = this.#aside.shift()) this.#start(lane);
    while (this.#running < this.#limit()) {
      const lane = this.#ready.shift();
      if (!lane) return;
      this.#start(lane);
    }
    if (this.#ready.length > 0) this.#full = true;
  }

  #start(lane: Lane): void {
    lane.queued = false;
    const [task] = lane.waiting;
    if (!task || !this.#mayStart(lane, task)) return;
    lane.waiting.shift();
    lane.running += 1;
    this.#running += 1;
    this.#enqueue(lane);
    task.start();
  }

  #laneOf(origin: string): Lane {
    const known = this.#lanes.get(origin);
    if (known) return known;
    const lane: Lane = { origin, waiting: [], running: 0, stalled: 0, queued: false };
    this.#lanes.set(origin, lane);
    return lane;
  }

  #enqueue(lane: Lane): void {
    const [task] = lane.waiting;
    if (lane.queued || !task || !this.#mayStart(lane, task)) return;
    lane.queued = true;
    if (this.#silent.has(lane.origin)) this.#aside.push(lane);
    else if (task.urgent) this.#ready.unshift(lane);
    else this.#ready.push(lane);
  }

  /** While one request of a controller hangs, further readings of it wait; one that was silent is asked one thing. */
  #mayStart({ origin, running, stalled }: Lane, { urgent }: Task): boolean {
    return urgent || (stalled === 0 && running < (this.#silent.has(origin) ? 1 : eachController));
  }

  #drop(lane: Lane): void {
    if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(lane.origin);
  }
}

/** A transport whose requests pass the governor; commands go first. */
export function govern(transport: Transport, governor: Governor, site: SiteLoad): Transport {
  const { origin } = transport;
  return {
    ...transport,
    send: (call) =>
      governor.run({ site, origin, urgent: call.method !== 'GET', signal: call.signal }, () => transport.send(call)),
  };
}

function isSilence(error: unknown): boolean {
  return error instanceof RedfishError && ['timeout', 'unreachable', 'cut-short'].includes(error.kind);
}
