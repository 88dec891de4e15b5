/** Why a controller could not be asked or did not do as told. `kind` decides; the message is for people. */
export type RedfishErrorKind =
  | 'unreachable'
  | 'timeout'
  | 'cut-short'
  | 'busy'
  | 'not-now'
  | 'session-limit'
  | 'session-lost'
  | 'subscription-limit'
  | 'credentials'
  | 'password-change'
  | 'forbidden'
  | 'refused-address'
  | 'tls'
  | 'pin-changed'
  | 'not-json'
  | 'too-large'
  | 'too-deep'
  | 'cyclic'
  | 'foreign-link'
  | 'missing'
  | 'precondition'
  | 'elsewhere'
  | 'image-source'
  | 'rejected'
  | 'unsupported';

const retryableKinds: ReadonlySet<RedfishErrorKind> = new Set([
  'unreachable',
  'timeout',
  'cut-short',
  'busy',
  'not-now',
  'session-limit',
  'session-lost',
  'not-json',
]);

interface Detail {
  readonly status?: number | null;
  /** `no` when the controller certainly did nothing about the request: it refused it, or never got it. */
  readonly carriedOut?: 'no' | 'maybe';
  /** Milliseconds that the controller asked to wait, as it said them. */
  readonly retryAfterMs?: number | null;
  /**
   * What the failure points at: the account to give a new password, the resource to write instead, the key that was shown
   * in place of the pinned one.
   */
  readonly pointer?: string | null;
  /** The last part of the MessageId that was given as the reason. */
  readonly key?: string | null;
}

/** A failed exchange with a controller; names controller, resource and the vendor's message. */
export class RedfishError extends Error {
  override readonly name = 'RedfishError';
  readonly kind: RedfishErrorKind;
  readonly status: number | null;
  readonly carriedOut: 'no' | 'maybe';
  readonly retryAfterMs: number | null;
  readonly pointer: string | null;
  readonly key: string | null;

  constructor(kind: RedfishErrorKind, message: string, detail: Detail = {}) {
    super(message);
    this.kind = kind;
    this.status = detail.status ?? null;
    this.carriedOut = detail.carriedOut ?? 'maybe';
    this.retryAfterMs = detail.retryAfterMs ?? null;
    this.pointer = detail.pointer ?? null;
    this.key = detail.key ?? null;
  }

  /** Whether the same read may be tried again later; writes are never repeated, whatever this says. */
  get retryable(): boolean {
    return retryableKinds.has(this.kind);
  }
}
