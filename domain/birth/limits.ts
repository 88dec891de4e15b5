/** How long and how hard a burn-in tests. */
export interface BurninLimits {
  /** Longest time the whole burn-in may take, in seconds. */
  readonly capSeconds: number;
  /** Time each stress part runs, in seconds. */
  readonly stressSeconds: number;
  /** Share of the peers' median below which a benchmark is *below*, e.g. 0.7. */
  readonly peerShare: number;
  /** Peers of the same product needed before they are compared with. */
  readonly minPeers: number;
  /** Absolute floors, by `subject/unit`, e.g. `{ "disk/MB/s": 50 }`. */
  readonly floors: Readonly<Record<string, number>>;
}
