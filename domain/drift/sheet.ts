/** One kind of part in a machine: how many there are, and which, as `16 × 32768 MiB`. */
export interface PartCount {
  readonly count: number;
  readonly which: string;
}

/** What a machine is made of; a kind that is not reported is absent. */
export type PartSheet = Readonly<Partial<Record<string, PartCount>>>;
