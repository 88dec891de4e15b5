import type { Bound } from './verdict.ts';

export interface ReadFigures {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly errors: number;
}

/** What the people's API takes while every controller hangs, in the form that `scripts/bench api` prints. */
export interface ApiResult {
  readonly bench: 'api';
  readonly seconds: number;
  readonly machines: number;
  /** Lists and pages, at 50 requests a second in all. */
  readonly reads: ReadFigures;
  /** The slowest of them, each asked by itself. */
  readonly slowest: { readonly path: string; readonly p99_ms: number };
  /** From the change to the reader, at so many changes a second. */
  readonly events: { readonly changes_per_second: number; readonly told: number; readonly p99_ms: number };
  readonly memory_mib: number;
  /** Connections that the API opened to controllers. */
  readonly asked_controllers: number;
}

/** The console draws what it has gathered for so long. */
const gatherMs = 250;

const budget = { readsMs: 100, eventMs: 1000, memoryMib: 200 } as const;

/** Every budget of the API beside what was measured: docs/performance.md. */
export function apiBounds({ reads, events, memory_mib, asked_controllers }: ApiResult): Bound[] {
  return [
    { what: 'ms for a list or page, 99 of 100', measured: reads.p99_ms, budget: ['at most', budget.readsMs] },
    { what: 'lists and pages that failed', measured: reads.errors, budget: ['at most', 0] },
    {
      what: 'ms from a change to the screen, 99 of 100',
      measured: events.p99_ms + gatherMs,
      budget: ['at most', budget.eventMs],
    },
    { what: 'changes told', measured: events.told, budget: ['at least', 1] },
    { what: 'changes a second', measured: events.changes_per_second, budget: ['at least', 1000] },
    { what: 'MiB of memory at most', measured: memory_mib, budget: ['at most', budget.memoryMib] },
    { what: 'controllers asked', measured: asked_controllers, budget: ['at most', 0] },
  ];
}
