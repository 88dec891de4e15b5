import { EventEmitter } from 'node:events';

export type SetupStepState = 'waiting' | 'running' | 'done' | 'failed';

export interface SetupStep {
  readonly title: string;
  readonly state: SetupStepState;
  /** Seconds at work so far, or that it took; time spent waiting for other steps does not count. */
  readonly seconds: number;
  /** 0 to 1 where the step knows how far it is. */
  readonly share: number | null;
  /** A few words on what it does now or what came of it. */
  readonly note: string;
}

/** What a step tells while it works. */
export interface StepProgress {
  note(text: string): void;
  share(done: number): void;
}

interface Entry {
  readonly title: string;
  state: SetupStepState;
  began: number;
  seconds: number;
  share: number | null;
  note: string;
}

/**
 * Set-up steps that run side by side: each begins when what it needs is there. Emits `change`.
 * A failed step fails those that need it, and they are never begun.
 */
export class SetupSteps extends EventEmitter<{ change: [] }> {
  readonly #entries: Entry[] = [];
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    super();
    this.#now = now;
  }

  run<N, T>(title: string, needs: Promise<N>, work: (needed: N, progress: StepProgress) => Promise<T>): Promise<T> {
    const entry: Entry = { title, state: 'waiting', began: 0, seconds: 0, share: null, note: '' };
    this.#entries.push(entry);
    const outcome = needs.then((needed) => this.#work(entry, () => work(needed, this.#progress(entry))));
    // Steps that need it, and whoever awaits it, are told; alone it must not end the process.
    outcome.catch(() => {});
    return outcome;
  }

  list(): SetupStep[] {
    return this.#entries.map(({ title, state, seconds, share, note, began }) => {
      const spent = state === 'running' ? (this.#now() - began) / 1000 : seconds;
      return { title, state, seconds: spent, share, note };
    });
  }

  async #work<T>(entry: Entry, work: () => Promise<T>): Promise<T> {
    entry.began = this.#now();
    this.#move(entry, 'running');
    try {
      const result = await work();
      this.#move(entry, 'done');
      return result;
    } catch (error) {
      this.#move(entry, 'failed');
      throw error;
    }
  }

  #move(entry: Entry, state: SetupStepState): void {
    entry.seconds = (this.#now() - entry.began) / 1000;
    entry.state = state;
    this.emit('change');
  }

  #progress(entry: Entry): StepProgress {
    return {
      note: (text) => {
        entry.note = text;
        this.emit('change');
      },
      share: (done) => {
        entry.share = Math.min(1, Math.max(0, done));
        this.emit('change');
      },
    };
  }
}
