/**
 * A world in which everything goes wrong that can: messages late, double, out of order and lost, requesters that are
 * terminated, workers that die in the middle of a batch or wake up after they were given up, semaphores that are
 * terminated, capacities that change, runs that continue as new. The machine and the permit of each are told apart, so
 * that the world can see a permit that was given on too early.
 */
import type { LedgerBatch, PermitRequest } from '../../contract/semaphore.ts';
import { orderClasses } from '../../domain/machine.ts';
import { pack, unpack } from '../../workflows/semaphore/carry.ts';
import { Semaphore } from '../../workflows/semaphore/core.ts';
import { ModelLedger } from './model.ts';

const id = 'semaphore/reboot/rack=A12';
const minute = 60_000;

type Incoming =
  | { readonly kind: 'acquire'; readonly from: Requester }
  | { readonly kind: 'release' | 'cancel' | 'renew'; readonly from: Requester; readonly request: string };
interface Outgoing {
  readonly kind: 'answer' | 'grant';
  readonly to: Requester;
  readonly request: string;
  readonly fence: number;
}
type Message = Incoming | Outgoing;

interface Requester {
  readonly name: string;
  readonly request: PermitRequest;
  alive: boolean;
  /** The machine is out of service: only while its requester believes to hold the permit, or died meanwhile. */
  down: boolean;
  fence: number;
  wants: boolean;
  served: boolean;
  requestedAt: number;
}

export const happenings = [
  'ask',
  'deliver',
  'deliver',
  'deliver',
  'duplicate',
  'lose',
  'loop',
  'loop',
  'loop',
  'work',
  'release',
  'cancel',
  'terminate-requester',
  'machine-up',
  'crash',
  'zombie',
  'terminate',
  'continue',
  'resize',
  'time',
  'poll',
] as const;
export type Happening = (typeof happenings)[number];

export class SemaphoreWorld {
  readonly ledger = new ModelLedger();
  readonly requesters: Requester[] = [];
  now = Date.parse('2026-11-21T08:00:00Z');
  continued = 0;
  #semaphore: Semaphore | null = null;
  #flight: LedgerBatch | null = null;
  #zombies: LedgerBatch[] = [];
  #mail: Message[] = [];
  /** Messages that the worker has taken since its last task was recorded: delivered again when it dies. */
  #taken: Incoming[] = [];
  #recorded: string | null = null;
  /** Grants that were delivered: the history has them, whatever happens to a worker. */
  readonly #told = new Set<string>();

  happen(what: Happening, which: number): void {
    this.now += 1000;
    const moves: Record<Happening, () => void> = {
      ask: () => this.#ask(which),
      deliver: () => this.#deliver(which, true),
      duplicate: () => this.#deliver(which, false),
      lose: () => this.#lose(which),
      loop: () => this.#loop(),
      work: () =>
        this.#pick(
          which,
          (one) => one.alive && one.fence > 0,
          (one) => (one.down = true),
        ),
      release: () =>
        this.#pick(
          which,
          (one) => one.alive && one.fence > 0,
          (one) => this.#release(one),
        ),
      cancel: () =>
        this.#pick(
          which,
          (one) => one.alive && one.wants && one.fence === 0,
          (one) => this.#cancel(one),
        ),
      'terminate-requester': () =>
        this.#pick(
          which,
          (one) => one.alive,
          (one) => (one.alive = false),
        ),
      'machine-up': () =>
        this.#pick(
          which,
          (one) => !one.alive && one.down,
          (one) => (one.down = false),
        ),
      crash: () => this.#crash(which),
      zombie: () => this.#wakeZombie(which),
      terminate: () => this.#terminate(),
      continue: () => this.continueAsNew(),
      resize: () => this.#resize(which),
      time: () => this.#pass((which % 5) * 20 * minute),
      poll: () => this.#poll(),
    };
    moves[what]();
    this.#check();
  }

  /** From here on nothing fails; every live requester has to be served, and gives back when it is. */
  calmDown(): void {
    this.ledger.capacity = Math.max(1, this.ledger.capacity);
    for (const one of this.requesters) if (!one.alive) one.down = false;
    // A semaphore that was terminated comes back with the next who needs it.
    this.#ask(0);
    for (let round = 0; round < 400 && !this.settled; round += 1) {
      this.now += 10 * minute;
      this.#poll();
      while (this.#mail.length > 0) this.#deliver(0, true);
      this.#loop();
      this.#loop();
      while (this.#mail.length > 0) this.#deliver(0, true);
      for (const one of this.requesters) if (one.alive && one.fence > 0) this.#release(one);
      this.#check();
    }
  }

  get settled(): boolean {
    return this.waiting.length === 0 && this.ledger.held.length === 0;
  }

  get waiting(): Requester[] {
    return this.requesters.filter((one) => one.alive && one.wants);
  }

  continueAsNew(): void {
    if (this.#flight !== null || this.#semaphore === null) return;
    this.#semaphore = unpack(id, JSON.parse(JSON.stringify(pack(this.#semaphore))));
    this.#semaphore.restore(this.ledger.rest(), this.now);
    this.#record();
    this.continued += 1;
  }

  /** Continues as new now, having finished the batch under way, as the workflow does. */
  forceContinue(): void {
    this.#running();
    if (this.#flight !== null) this.#loop();
    this.#flight = null;
    this.#semaphore?.wake();
    this.continueAsNew();
  }

  // ── Requesters ────────────────────────────────────────────────────────────────────────────────────────

  #ask(which: number): void {
    const number = this.requesters.length;
    const machineId = `m-${which % 7}`;
    const urgency = orderClasses[which % orderClasses.length] ?? 'maintenance';
    const request = { id: `r-${number}`, machineId, siteId: 'home', class: urgency, workflowId: `w-${number}` };
    const one = { name: `w-${number}`, request, alive: true, down: false, fence: 0, wants: true, served: false };
    this.requesters.push({ ...one, requestedAt: this.now });
    this.#mail.push({ kind: 'acquire', from: this.requesters.at(-1) as Requester });
  }

  /** A requester asks again when it has heard nothing for long: its question or the answer may have been lost. */
  #poll(): void {
    for (const one of this.waiting) {
      if (one.fence > 0 || this.now - one.requestedAt < 30 * minute) continue;
      one.requestedAt = this.now;
      this.#mail.push({ kind: 'acquire', from: one });
    }
  }

  #release(one: Requester): void {
    one.down = false;
    one.wants = false;
    one.fence = 0;
    this.#mail.push({ kind: 'release', from: one, request: one.request.id });
  }

  #cancel(one: Requester): void {
    one.wants = false;
    this.#mail.push({ kind: 'cancel', from: one, request: one.request.id });
  }

  #pick(which: number, fits: (one: Requester) => boolean, act: (one: Requester) => void): void {
    const fitting = this.requesters.filter(fits);
    const one = fitting[which % Math.max(1, fitting.length)];
    if (one) act(one);
  }

  #pass(milliseconds: number): void {
    this.now += milliseconds;
  }

  // ── Messages ──────────────────────────────────────────────────────────────────────────────────────────

  #deliver(which: number, once: boolean): void {
    const index = this.#mail.length === 0 ? -1 : which % this.#mail.length;
    const message = this.#mail[index];
    if (message === undefined) return;
    if (once) this.#mail.splice(index, 1);
    if ('to' in message) this.#hear(message);
    else this.#receive(message);
  }

  // Only what may be lost: a question (asked again), an answer, and messages of the dead. What is sent until it is
  // taken, like the release of one that lives, comes late instead.
  #lose(which: number): void {
    const lossy = this.#mail.filter((message) => message.kind === 'acquire' || 'to' in message || !message.from.alive);
    const lost = lossy[which % Math.max(1, lossy.length)];
    if (lost) this.#mail.splice(this.#mail.indexOf(lost), 1);
  }

  #hear(message: Outgoing): void {
    const { to, fence, request } = message;
    if (!to.alive) {
      if (message.kind === 'grant') this.#semaphore?.undelivered(request, this.now);
      return;
    }
    this.#tell(request);
    if (to.wants) {
      to.fence = fence;
      to.served = true;
    } else this.#mail.push({ kind: 'release', from: to, request });
  }

  #receive(message: Incoming): void {
    const semaphore = this.#running();
    this.#taken.push(message);
    if (message.kind === 'acquire') semaphore.acquire(message.from.request, this.now);
    else if (message.kind === 'renew') semaphore.renew(message.request, this.now);
    else semaphore.end({ id: message.request, how: 'released', why: 'given back' });
    if (message.kind === 'acquire') this.#answer(message.from, semaphore);
  }

  #tell(request: string): void {
    this.#told.add(request);
    this.#semaphore?.markNotified(request);
  }

  #answer(to: Requester, semaphore: Semaphore): void {
    this.#tell(to.request.id);
    const answer = semaphore.answer(to.request.id);
    if (answer.state === 'granted')
      this.#mail.push({ kind: 'answer', to, request: to.request.id, fence: answer.fence });
  }

  // ── The semaphore's worker ────────────────────────────────────────────────────────────────────────────

  #running(): Semaphore {
    if (this.#semaphore === null) {
      this.#semaphore = new Semaphore(id);
      this.#semaphore.restore(this.ledger.rest(), this.now);
      this.#record();
    }
    return this.#semaphore;
  }

  #record(): void {
    this.#taken = [];
    this.#recorded = this.#semaphore === null ? null : JSON.stringify(pack(this.#semaphore));
  }

  #loop(): void {
    if (this.#semaphore === null) return;
    const semaphore = this.#semaphore;
    if (this.#flight !== null) {
      const ledgerBatch = this.#flight;
      this.#flight = null;
      const grants = semaphore.settle(ledgerBatch, this.ledger.settle(ledgerBatch), this.now);
      for (const { id: request, fence } of grants) {
        const to = this.requesters.find((one) => one.request.id === request);
        if (to) this.#mail.push({ kind: 'grant', to, request, fence });
      }
      this.#record();
    }
    semaphore.tick(this.now);
    for (const holder of semaphore.due(this.now)) this.#look(semaphore, holder.id);
    if (semaphore.dirty) this.#flight = semaphore.ledgerBatch();
  }

  #look(semaphore: Semaphore, request: string): void {
    const one = this.requesters.find((each) => each.request.id === request);
    if (one?.alive) {
      const again = semaphore.found(request, { holder: 'running' }, this.now);
      if (again) this.#mail.push({ kind: 'grant', to: one, request, fence: again.fence });
      return;
    }
    const up = !this.requesters.some((each) => each.request.machineId === one?.request.machineId && each.down);
    semaphore.found(request, { holder: 'closed', up, why: up ? 'it runs' : 'its power is Off' }, this.now);
  }

  /** The worker dies: its batch may have reached the ledger, may reach it later, or never. */
  #crash(which: number): void {
    if (this.#semaphore === null || this.#recorded === null) return;
    if (this.#flight !== null && which % 3 === 0) this.ledger.settle(this.#flight);
    if (this.#flight !== null && which % 3 === 1) this.#zombies.push(this.#flight);
    this.#flight = null;
    // Signals are in the history and come again; updates that were not accepted may be gone.
    const again = this.#taken.filter((message) => message.kind !== 'acquire' || which % 2 === 0);
    this.#semaphore = unpack(id, JSON.parse(this.#recorded));
    for (const request of this.#told) this.#semaphore.markNotified(request);
    this.#mail.push(...again);
    this.#record();
  }

  #wakeZombie(which: number): void {
    const [batch] = this.#zombies.splice(which % Math.max(1, this.#zombies.length), 1);
    if (batch) this.ledger.settle(batch);
    // Its result reaches nobody; the next batch of the living one finds what it did.
    this.#semaphore?.wake();
  }

  #terminate(): void {
    this.#semaphore = null;
    this.#flight = null;
    // What it had taken and not written is lost with it, but not what is sent until it is taken: that is asked for
    // by those who still live.
    this.#mail.push(...this.#taken.filter((message) => message.kind !== 'acquire'));
    this.#record();
  }

  #resize(which: number): void {
    this.ledger.capacity = which % 4;
    this.#semaphore?.wake();
  }

  // ── What must hold at every moment ────────────────────────────────────────────────────────────────────

  #check(): void {
    for (const { held, capacity, id: request } of this.ledger.grants)
      if (held > capacity) throw new Error(`${request} was granted as number ${held} of ${capacity}`);
    const latest = new Map<string, number>();
    for (const { machineId, fence } of this.ledger.grants) {
      if (fence <= (latest.get(machineId) ?? 0)) throw new Error(`fence ${fence} of ${machineId} does not rise`);
      latest.set(machineId, fence);
    }
    const held = new Set(this.ledger.held.map(({ waiting }) => waiting.id));
    const ghost = this.requesters.find((one) => one.down && !held.has(one.request.id));
    if (ghost) throw new Error(`${ghost.name} has its machine down without a permit`);
  }
}
