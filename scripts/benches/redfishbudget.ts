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

/** What a result exceeds, a sentence each; empty when it keeps every budget. */
export function overRedfish(result: RedfishResult): string[] {
  const { requests_per_second: rate, alone_seconds: alone, beside_seconds: beside, rss_mib: rss } = result;
  const large = Object.entries(result.inventory_requests).filter(
    ([family, requests]) => !plain.has(family) && requests > budget.inventory,
  );
  return [
    ...(rate < budget.rate ? [`${rate} requests a second are fewer than ${budget.rate}`] : []),
    ...large.map(
      ([family, requests]) => `${requests} requests an inventory of ${family} are more than ${budget.inventory}`,
    ),
    ...(beside > alone * budget.beside
      ? [`${beside} s beside hung controllers are over 20 % more than ${alone} s`]
      : []),
    ...(rss > budget.rss ? [`${rss} MiB are more than ${budget.rss}`] : []),
  ];
}
