/** Passkeys: what the API asks to be signed, and what the browser's authenticator makes of it. */
import {
  browserSupportsWebAuthn,
  startAuthentication,
  startRegistration,
  WebAuthnError,
} from '@simplewebauthn/browser';
import type { PasskeyView } from '../../contract/passkeys.ts';
import type { SignedInView } from '../../contract/session.ts';
import { AskingFailed, sendTo } from '../client.ts';

type Given<Work extends (options: never) => unknown> = Parameters<Work>[0] extends { optionsJSON: infer Options }
  ? Options
  : never;

/** They are of a host's name: an address has none. */
export const hasPasskeys = () => browserSupportsWebAuthn() && !/^(\d+\.){3}\d+$|^\[/.test(location.hostname);

export async function signInByPasskey(): Promise<SignedInView> {
  const optionsJSON = await sendTo<Given<typeof startAuthentication>>('POST', '/session/passkey/options', {});
  return sendTo('POST', '/session/passkey', await startAuthentication({ optionsJSON }).catch(explain));
}

export async function makePasskey(name: string): Promise<void> {
  const optionsJSON = await sendTo<Given<typeof startRegistration>>('POST', '/passkeys/options', {});
  await sendTo('POST', '/passkeys', { name, response: await startRegistration({ optionsJSON }).catch(explain) });
}

export const forgetPasskey = ({ id }: Pick<PasskeyView, 'id'>) => sendTo('DELETE', `/passkeys/${id}`);

/** Says in words of ours why there is none: the browser's are for programmers. */
function explain(error: unknown): never {
  const known = error instanceof WebAuthnError && error.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED';
  const detail = known
    ? 'this device has a passkey for you already'
    : 'the browser gave no passkey, or was told not to';
  throw new AskingFailed(0, { title: 'There is no passkey', detail, code: 'no-passkey' });
}
