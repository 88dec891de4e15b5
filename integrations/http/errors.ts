import type { Seconds } from '../../domain/duration.ts';

/** Why a system that others run could not be asked or did not do as told. `kind` decides; the message is for people. */
export type OutsideErrorKind =
  | 'unreachable'
  | 'timeout'
  | 'busy'
  | 'failed'
  | 'garbage'
  | 'conflict'
  | 'refused'
  | 'missing'
  | 'invalid'
  | 'settings';

/** What may be otherwise in a while without anybody doing something about it. */
const passing: ReadonlySet<OutsideErrorKind> = new Set([
  'unreachable',
  'timeout',
  'busy',
  'failed',
  'garbage',
  'conflict',
]);

interface Detail {
  readonly status?: number;
  /** Seconds that the other side asked us to wait. */
  readonly retryAfter?: Seconds | null;
}

export class OutsideError extends Error {
  override readonly name = 'OutsideError';
  readonly kind: OutsideErrorKind;
  readonly status: number | null;
  readonly retryAfter: Seconds | null;
  constructor(kind: OutsideErrorKind, message: string, { status, retryAfter }: Detail = {}) {
    super(message);
    this.kind = kind;
    this.status = status ?? null;
    this.retryAfter = retryAfter ?? null;
  }

  get retryable(): boolean {
    return passing.has(this.kind);
  }
}

/** Kind of a refusal by its HTTP status, 300 and above. A redirect is not followed: a person sets the new place. */
export function kindOf(status: number): OutsideErrorKind {
  if (status < 400) return 'settings';
  // 407 and 511 are of a proxy and of a network that want to know who asks; Slurm says 511 to a bad token.
  if ([401, 403, 407, 511].includes(status)) return 'refused';
  if (status === 404 || status === 410) return 'missing';
  if (status === 408) return 'timeout';
  if (status === 409 || status === 412) return 'conflict';
  if (status === 425 || status === 429 || status === 503) return 'busy';
  return status < 500 ? 'invalid' : 'failed';
}
