import type { Session } from '../../redfish/session.ts';

/** Whom to ask, as whom. */
export interface GivenController {
  readonly origin: string;
  readonly user: string;
  readonly password: string;
  /** The certificate's key that must be shown; null trusts the one that is. */
  readonly pin: string | null;
}

/** `https://10.0.9.12` for a bare address or name; an origin stays as it is. */
export function originOf(address: string): string {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(address)) return address.replace(/\/$/, '');
  // An IPv6 address has more than one colon, a port only one.
  return address.split(':').length > 2 && !address.startsWith('[') ? `https://[${address}]` : `https://${address}`;
}

/** Signs in, reads, signs out. Gives the key that the controller showed along with what was read. */
export async function askController<T>(
  { origin, user, password, pin }: GivenController,
  read: (session: Session) => Promise<T>,
): Promise<{ readonly pin: string | null; readonly value: T }> {
  // Loaded when it is asked for: no other command needs it.
  const { openTransport } = await import('../../redfish/transport.ts');
  const { withSession } = await import('../../redfish/session.ts');
  const transport = openTransport(origin, pin);
  try {
    const value = await withSession(transport, { username: user, password }, read);
    return { pin: transport.pin(), value };
  } finally {
    await transport.close();
  }
}
