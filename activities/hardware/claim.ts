import type { Claims } from '../../mdb/claim.ts';
import { RedfishError } from '../../redfish/errors.ts';

/** Longest wait for another worker that is signing in to the same controller, or is changing its password. */
const timeoutMs = 60_000;

/**
 * Work that only one of all processes does at a time with a controller's credentials: offering them, or changing them.
 * An attempt with the old password can so never meet a controller that was given the new one a moment ago.
 */
export async function withClaim<T>(claims: Claims, origin: string, work: () => Promise<T>): Promise<T> {
  const held = await claims.hold(`sign in to ${origin}`, timeoutMs, async () => ({ worked: await work() }));
  if (held === 'taken')
    throw new RedfishError('busy', `${origin}: another worker has been signing in for a minute`, { carriedOut: 'no' });
  return held.worked;
}
