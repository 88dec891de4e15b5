import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Reply } from './reply.ts';

/** What a controller does wrong with certain requests, by control API. */
export const bmcFaultSchema = z
  .strictObject({
    path: z
      .string()
      .startsWith('/', 'a path begins with /')
      .max(512)
      .describe('whole path; `*` at the end for all below'),
    method: z.enum(['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE']).optional(),
    status: z.int().min(200).max(599).optional(),
    retryAfter: z.string().max(64).optional(),
    body: z.string().max(65_536).optional(),
    delay: z.number().positive().max(600).optional(),
    cut: z.enum(['before', 'after', 'half']).optional(),
    hold: z.enum(['before', 'after']).optional(),
    times: z.int().min(1).max(1_000_000).nullable().default(1),
  })
  .refine(({ status, body, delay, cut, hold }) => [status, body, delay, cut, hold].some((one) => one !== undefined), {
    error: 'one of status, body, delay, cut and hold is needed',
  });

export type BmcFault = z.infer<typeof bmcFaultSchema>;

/** Faults of one controller's answers, each for so many requests. */
export class BmcFaults {
  #faults: BmcFault[] = [];
  readonly #held = new Set<{ readonly path: string; readonly release: () => void }>();

  get list(): readonly BmcFault[] {
    return this.#faults;
  }

  /** Paths of the faults that hold a request right now. */
  get held(): readonly string[] {
    return [...this.#held].map(({ path }) => path);
  }

  /** Waits until the fault is taken away. */
  hold({ path }: BmcFault): Promise<void> {
    return new Promise((resolve) => {
      const release = () => {
        this.#held.delete(one);
        resolve();
      };
      const one = { path, release };
      this.#held.add(one);
    });
  }

  /** Adds one, in place of one for the same requests. */
  set(fault: BmcFault): void {
    this.#faults = [
      ...this.#faults.filter(({ path, method }) => path !== fault.path || method !== fault.method),
      fault,
    ];
  }

  /** Takes away those of a path, or all; tells how many they were. */
  clear(path?: string): number {
    const before = this.#faults.length;
    this.#faults = path === undefined ? [] : this.#faults.filter((fault) => fault.path !== path);
    const held = [...this.#held].filter((one) => path === undefined || one.path === path);
    for (const { release } of held) release();
    return before - this.#faults.length + held.length;
  }

  /** The fault that this request meets, which is thereby used up once. */
  take(method: string, path: string): BmcFault | undefined {
    const found = this.#faults.find((fault) => (fault.method ?? method) === method && fits(fault.path, path));
    if (!found || found.times === null) return found;
    const left = { ...found, times: found.times - 1 };
    this.#faults = this.#faults.flatMap((fault) => (fault === found ? (left.times > 0 ? [left] : []) : [fault]));
    return found;
  }
}

function fits(wanted: string, path: string): boolean {
  return wanted.endsWith('*') ? path.startsWith(wanted.slice(0, -1)) : wanted === path;
}

/**
 * The answer under a fault. `status` and `body` come in place of the answer and nothing is done; `cut` loses the
 * connection before anything is done, after it, or in the middle of the answer; `hold` keeps the request before
 * anything is done, which it then never is, or after it.
 */
export async function faulty(
  fault: BmcFault,
  busy: Reply,
  hold: (fault: BmcFault) => Promise<void>,
  answer: () => Promise<Reply>,
): Promise<Reply> {
  if (fault.delay !== undefined) await delay(fault.delay * 1000);
  if (fault.hold === 'before') {
    await hold(fault);
    return { status: 500, cut: 'all' };
  }
  if (fault.cut === 'before') return { status: 500, cut: 'all' };
  if (fault.status !== undefined || fault.body !== undefined) return inPlace(fault, busy);
  const right = await answer();
  if (fault.hold === 'after') await hold(fault);
  if (fault.cut === 'after') return { status: 500, cut: 'all' };
  return fault.cut === 'half' ? { ...right, cut: 'half' } : right;
}

function inPlace({ status = 200, body, retryAfter, cut }: BmcFault, busy: Reply): Reply {
  const own = status === busy.status && body === undefined;
  const base: Reply = own
    ? busy
    : { status, ...(body !== undefined && { text: { type: kindOf(body), content: body } }) };
  return {
    ...base,
    ...(retryAfter !== undefined && { headers: { ...base.headers, 'retry-after': retryAfter } }),
    ...(cut === 'half' && { cut }),
  };
}

function kindOf(body: string): string {
  return body.trimStart().startsWith('<') ? 'text/html' : 'application/json';
}
