/** Why a controller could not be asked or did not do as told. `kind` decides; the message is for people. */
export type RedfishErrorKind =
  | 'unreachable'
  | 'timeout'
  | 'busy'
  | 'credentials'
  | 'refused-address'
  | 'pin-changed'
  | 'not-json'
  | 'too-large'
  | 'foreign-link'
  | 'missing'
  | 'rejected'
  | 'unsupported';

const retryableKinds: ReadonlySet<RedfishErrorKind> = new Set(['unreachable', 'timeout', 'busy', 'not-json']);

/** A failed exchange with a controller; names controller, resource and the vendor's message. */
export class RedfishError extends Error {
  override readonly name = 'RedfishError';
  readonly kind: RedfishErrorKind;
  readonly status: number | null;

  constructor(kind: RedfishErrorKind, message: string, status: number | null = null) {
    super(message);
    this.kind = kind;
    this.status = status;
  }

  /** Whether the same read may be tried again later; writes are never repeated, whatever this says. */
  get retryable(): boolean {
    return retryableKinds.has(this.kind);
  }
}
