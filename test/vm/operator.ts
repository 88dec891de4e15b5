/** What an operator does with the command line, and what they wait for. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ApiClient, ApiProblem } from '../../client/api.ts';
import type { HumanStepView, OrderView, TimelineEntry } from '../../contract/api.ts';
import { eventually } from './wait.ts';

const command = fileURLToPath(new URL('../../farrier', import.meta.url));

// Emulated, on a busy host, a passage took minutes; it hangs when it takes an hour.
const limitMs = 60 * 60_000;

/** Null in place of an API that is not there just now, or has too much to do. */
function busy(error: unknown): null {
  if (error instanceof ApiProblem && (error.status === 0 || error.status >= 500)) return null;
  throw error;
}

/** An operator of the Farrier in that data folder. */
export class VmOperator {
  readonly #data: string;
  readonly #answered = new Set<string>();
  constructor(data: string) {
    this.#data = data;
  }

  get #url(): string {
    const { api } = JSON.parse(readFileSync(join(this.#data, 'ports.json'), 'utf8'));
    return `http://127.0.0.1:${api}`;
  }

  get api(): ApiClient {
    return new ApiClient({ url: this.#url });
  }

  /** Runs the product's own command; gives what it printed. */
  async farrier(...words: string[]): Promise<string> {
    const env = { ...process.env, FARRIER_API: this.#url };
    return (await promisify(execFile)(command, words, { env })).stdout;
  }

  /** Waits until that machine was told to boot its own disk: an order from now on meets a machine that runs its system. */
  booted(machine: string, since: Date): Promise<unknown> {
    const isLocal = ({ kind, text, at }: TimelineEntry) =>
      kind === 'boot' && text.includes('answered local') && Date.parse(at) >= since.getTime();
    const look = async () => (await this.api.timeline(machine)).some(isLocal);
    // Its data folder names no port before the API is there.
    return eventually(`the boot of ${machine}`, () => look().catch(() => null), limitMs);
  }

  /** Waits until the machine has that boot state. */
  inBootState(machine: string, state: string): Promise<unknown> {
    const look = async () => (await this.api.machine(machine)).machine.bootState === state;
    return eventually(`${machine} in the boot state ${state}`, () => look().catch(busy), limitMs);
  }

  /** Answers a question, which stays open until its passage has taken that. */
  async answer({ id }: HumanStepView, answer: string, ...words: string[]): Promise<void> {
    await this.farrier('step', 'answer', id, answer, ...words);
    this.#answered.add(id);
  }

  /** Waits until the order is done; throws when it ends otherwise, or asks for somebody whom nobody expects. */
  done(id: string): Promise<OrderView> {
    return this.#until(`the end of ${id}`, id, (order, question) => {
      if (order?.state === 'done') return order;
      if (question) throw new Error(`${id} asks: ${question.question}`);
      return null;
    });
  }

  /** Waits until the order asks a person. */
  asked(id: string): Promise<HumanStepView> {
    return this.#until(`a question of ${id}`, id, (order, question) => {
      if (order?.state === 'done') throw new Error(`${id} is done, and asked nothing: ${order.outcome}`);
      return question ?? null;
    });
  }

  #until<T>(
    what: string,
    id: string,
    judge: (order: OrderView | undefined, question: HumanStepView | undefined) => T | null,
  ): Promise<T> {
    const look = async () => {
      const order = (await this.api.orders()).find((one) => one.id === id);
      if (order?.state === 'failed' || order?.state === 'cancelled')
        throw new Error(`${id} ${order.state}: ${order.outcome}`);
      const questions = await this.api.steps();
      return judge(
        order,
        questions.find((one) => one.orderId === id && !this.#answered.has(one.id)),
      );
    };
    return eventually(what, () => look().catch(busy), limitMs);
  }
}
