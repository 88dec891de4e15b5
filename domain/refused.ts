/** Why something was not done, as a value: a stable word, a sentence, and the field it is about. */
export interface Refused {
  readonly code: 'not-found' | 'conflict' | 'invalid' | 'forbidden';
  readonly message: string;
  readonly field?: string;
}

export function isRefused<T>(value: T | Refused): value is Refused {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}
