import type { Bound } from './verdict.ts';

/** What the Redfish client takes, in the form that `scripts/bench redfish` prints. */
export interface RedfishResult {
  readonly bench: 'redfish';
  readonly requests_per_second: number;
  /** Of a server of two sockets, by family. */
  readonly inventory_requests: Readonly<Record<string, number>>;
  /** Healthy ones. */
  readonly controllers: number;
  readonly hung: number;
  /** Until the healthy ones were read whole, without hung ones and beside them; the better of some rounds. */
  readonly alone_seconds: number;
  readonly beside_seconds: number;
  /** The client's process at its largest. */
  readonly rss_mib: number;
}

/** Budgets of the client: issue "Redfish that holds on real controllers", "Speed and size". */
const budget = { rate: 300, inventory: 25, beside: 1.2, rss: 400 } as const;

/** Families that ignore `$expand`, whose members are one request each. */
const plain: ReadonlySet<string> = new Set(['x10', 'ibmc']);

/** Every budget of the client beside what was measured. */
export function redfishBounds(result: RedfishResult): Bound[] {
  const { alone_seconds: alone, beside_seconds: beside } = result;
  const families = Object.entries(result.inventory_requests).filter(([family]) => !plain.has(family));
  return [
    { what: 'requests a second', measured: result.requests_per_second, budget: ['at least', budget.rate] },
    ...families.map(
      ([family, measured]): Bound => ({
        what: `requests an inventory of ${family}`,
        measured,
        budget: ['at most', budget.inventory],
      }),
    ),
    {
      what: 's beside hung controllers',
      measured: beside,
      budget: ['at most', Math.round(alone * budget.beside * 100) / 100],
    },
    { what: 'MiB', measured: result.rss_mib, budget: ['at most', budget.rss] },
  ];
}
