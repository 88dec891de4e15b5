/** When permits may be granted: on these weekdays (1 is Monday), from a wall-clock time to another, also past midnight. */
export interface PermitWindow {
  readonly days: readonly number[];
  /** `HH:MM`. */
  readonly from: string;
  readonly to: string;
  /** IANA name of the time zone, e.g. `Europe/Berlin`. */
  readonly zone: string;
}
