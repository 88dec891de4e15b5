/** How commands end, for scripts. docs/cli.md says what each means. */
export const exits = {
  done: 0,
  /** Refused or failed, as the sentence on standard error says. */
  failed: 1,
  /** Used wrongly: an unknown command, a missing or malformed argument. */
  misused: 2,
  /** `audit verify`: a row is not as it was written. */
  broken: 3,
  /** `audit verify`: the head that was kept is not in the chain. */
  cut: 4,
  /** Not done: it waits for a second person. */
  awaiting: 5,
  /** Nothing answers, or what answers is not Farrier. */
  unreachable: 6,
  /** Not signed in, or not allowed. */
  forbidden: 7,
  /** There is no such machine, order, rack … */
  missing: 8,
  /** `--wait`: it ended otherwise than wanted. */
  unsuccessful: 9,
  /** `--wait`: it had not ended when the time was up. */
  unfinished: 10,
} as const;

/** What a command that the API refused ends with, by the HTTP status and the API's word. */
export function exitOf({ status, code }: { readonly status: number; readonly code: string }): number {
  if (code === 'unreachable' || code === 'not-farrier') return exits.unreachable;
  if (status === 401 || status === 403) return exits.forbidden;
  return status === 404 ? exits.missing : exits.failed;
}
