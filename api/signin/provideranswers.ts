/** What goes wrong with a provider, as what a person can do about it. */
import { ApiError } from '../people/errors.ts';

interface Failure {
  readonly name?: unknown;
  readonly code?: unknown;
  /** What the provider itself says, in a word of OAuth. */
  readonly error?: unknown;
  readonly cause?: unknown;
}

/** Whether the provider refused, and for this. */
export function saysNo(error: unknown, word: string): boolean {
  const { code, error: said } = (error ?? {}) as Failure;
  return code === 'OAUTH_RESPONSE_BODY_ERROR' && said === word;
}

/** Words by which a provider says that an administrator has to see to something. */
const ofClient = [
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_request',
];
/** What says that it was not reached, or is not well. */
const unwell = [
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
];

export function explainProvider(error: unknown): unknown {
  if (error instanceof ApiError) return error;
  const { name, code, error: said, cause } = (error ?? {}) as Failure;
  if (code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE')
    // A wrong secret of the client comes back as a challenge to send a right one.
    return isOfBearer(cause) ? refused('its own token') : refusedClient('invalid_client');
  const word = typeof said === 'string' && /^[a-z_]{1,40}$/.test(said) ? said : 'without a word';
  if (code === 'OAUTH_RESPONSE_BODY_ERROR' || code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR') {
    return ofClient.includes(word) ? refusedClient(word) : refused(word);
  }
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED')
    return new ApiError(
      'unauthenticated',
      "the provider's clock and the API's are more than 30 s apart, or this took too long: an administrator sees to the clocks",
    );
  if (unwell.includes(String(code)) || (name === 'TypeError' && code === undefined))
    return new ApiError('busy', 'the provider of accounts does not answer: try again, or sign in by a password');
  if (typeof code === 'string' && code.startsWith('OAUTH_'))
    return new ApiError('unauthenticated', `what the provider says is not to be trusted (${code})`);
  return error;
}

const refused = (word: string) =>
  new ApiError('unauthenticated', `the provider says no (${word}): begin to sign in anew`);

const refusedClient = (word: string) =>
  new ApiError('conflict', `the provider refuses this Farrier (${word}): an administrator sees to its client`);

function isOfBearer(cause: unknown): boolean {
  return Array.isArray(cause) && cause.some((one: { readonly scheme?: unknown }) => one.scheme === 'bearer');
}
