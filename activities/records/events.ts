import { randomBytes } from 'node:crypto';
import type { Mdb } from '../../mdb/connect.ts';
import {
  forgetSubscription,
  hashOfToken,
  mintSubscription,
  noteSubscription,
  subscriptionOf,
} from '../../mdb/controllers/events.ts';
import { endEvents, ensureEvents } from '../../redfish/events.ts';
import type { Session } from '../../redfish/session.ts';

/** Our name for the subscription to one machine's events, at its controller. */
export function contextOf(siteId: string, machineId: string): string {
  return `farrier/${siteId}/${machineId}`;
}

/**
 * Makes sure that the controller tells its events to `receiver`, an origin. Gives why it does not; null when it does.
 * The token is in the address at the controller and nowhere else: here is its hash, by which the address is known again.
 */
export async function keepEventsUp(
  mdb: Mdb,
  session: Session,
  machine: { readonly machineId: string; readonly siteId: string },
  receiver: string,
): Promise<string | null> {
  const { machineId, siteId } = machine;
  const context = contextOf(siteId, machineId);
  const base = `${receiver}/events/`;
  const known = await subscriptionOf(mdb, machineId);
  const ours = (destination: string) => destination.startsWith(base);
  const spec = {
    context,
    ours,
    valid: (destination: string) =>
      ours(destination) && hashOfToken(destination.slice(base.length)) === known?.tokenHash,
    destination: async () => {
      const token = randomBytes(32).toString('base64url');
      await mintSubscription(mdb, machineId, hashOfToken(token), context);
      return `${base}${token}`;
    },
  };
  const outcome = await ensureEvents(session, spec).catch((error: unknown) => {
    throw new Error(withoutToken(error instanceof Error ? error.message : String(error)));
  });
  await noteSubscription(mdb, machineId, outcome.state === 'subscribed' ? outcome.path : null);
  return outcome.state === 'subscribed' ? null : withoutToken(outcome.reason);
}

/** Ends a subscription that nobody listens to any more. */
export async function endSubscription(mdb: Mdb, session: Session, machineId: string): Promise<void> {
  const known = await subscriptionOf(mdb, machineId);
  if (known === null) return;
  await endEvents(session, { context: known.context, ours: () => false });
  await forgetSubscription(mdb, machineId);
}

/** A controller's words may repeat the address that it refused, whole or cut off. */
export function withoutToken(text: string): string {
  return text.replace(/\/events\/[\w-]+/g, '/events/…');
}
