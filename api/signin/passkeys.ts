/** What a browser's authenticator is asked to sign, and whether it did. */
import { isIP } from 'node:net';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { FastifyRequest } from 'fastify';
import type { PasskeyRegistration, PasskeySignIn } from '../../contract/passkeys.ts';
import type { Mdb } from '../../mdb/connect.ts';
import {
  addPasskey,
  findPasskey,
  keepChallenge,
  listPasskeys,
  notePasskeyUse,
  takeChallenge,
} from '../../mdb/people/passkeys.ts';
import type { PersonRow } from '../../mdb/people/persons.ts';
import { ApiError, granted } from '../people/errors.ts';
import type { Operator } from '../people/operator.ts';
import { askedOrigin } from './cookies.ts';

type Asking = Pick<FastifyRequest, 'protocol' | 'headers'>;

// ES256, EdDSA, RS256, as COSE numbers them: what all browsers have, and Node does not call experimental.
const algorithms = [-7, -8, -257];

/** Most processes of the API never need it. */
const webauthn = () => import('@simplewebauthn/server');

/** The host by whose name the page was opened: a passkey is of it, and signs for no other. Throws ApiError. */
function hostOf(request: Asking): string {
  const host = new URL(askedOrigin(request)).hostname;
  if (isIP(host.replace(/^\[|\]$/g, '')))
    throw new ApiError('conflict', `passkeys are of a host's name, and ${host} is none: open the console by its name`);
  return host;
}

export async function askForNew(mdb: Mdb, request: Asking, person: Pick<PersonRow, 'id' | 'name'>) {
  const host = hostOf(request);
  const had = await listPasskeys(mdb, person.id);
  const options = await (await webauthn()).generateRegistrationOptions({
    rpName: 'Farrier',
    rpID: host,
    userName: person.name,
    userID: new Uint8Array(Buffer.from(person.id)),
    excludeCredentials: had.map(({ id, transports }) => ({ id, transports: [...transports] })),
    // It stands for a name and a password at once: the device knows whose it is, and sees that they are there.
    supportedAlgorithmIDs: algorithms,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
  await keepChallenge(mdb, options.challenge, person.id);
  return options;
}

export async function takeNew(
  mdb: Mdb,
  request: Asking,
  operator: Operator,
  personId: string,
  registered: PasskeyRegistration,
): Promise<void> {
  const host = hostOf(request);
  const { verified, registrationInfo } = await (await webauthn())
    .verifyRegistrationResponse({
      response: registered.response as RegistrationResponseJSON,
      expectedChallenge: (challenge) => takeChallenge(mdb, challenge, personId),
      expectedOrigin: askedOrigin(request),
      expectedRPID: host,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    })
    .catch(() => ({ verified: false as const, registrationInfo: undefined }));
  if (!verified) throw new ApiError('invalid', 'response: this is not what was asked of the authenticator', 'response');
  const { id, publicKey, counter, transports = [] } = registrationInfo.credential;
  const keyText = Buffer.from(publicKey).toString('base64url');
  granted(
    await addPasskey(mdb, operator, {
      ...{ id, personId, host, name: registered.name, publicKey: keyText, counter, transports },
    }),
  );
}

export async function askForSignature(mdb: Mdb, request: Asking) {
  const rpID = hostOf(request);
  const options = await (await webauthn()).generateAuthenticationOptions({ rpID, userVerification: 'required' });
  await keepChallenge(mdb, options.challenge, null);
  return options;
}

/** Whose passkey has signed what it was asked to. Throws ApiError, in the same words whatever is wrong. */
export async function byPasskey(mdb: Mdb, request: Asking, response: PasskeySignIn): Promise<PersonRow> {
  const host = hostOf(request);
  const found = await findPasskey(mdb, response.id, host);
  const refusal = new ApiError('unauthenticated', 'this passkey is none that is good here');
  if (found === null || found.person.disabledAt !== null) throw refusal;
  const { passkey, person } = found;
  const { verified, authenticationInfo } = await (await webauthn())
    .verifyAuthenticationResponse({
      response: response as AuthenticationResponseJSON,
      expectedChallenge: (challenge) => takeChallenge(mdb, challenge, null),
      expectedOrigin: askedOrigin(request),
      expectedRPID: host,
      requireUserVerification: true,
      credential: {
        ...{ id: passkey.id, counter: passkey.counter, transports: [...passkey.transports] },
        publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
      },
    })
    .catch(() => ({ verified: false as const, authenticationInfo: undefined }));
  const { userHandle } = response.response;
  const isTheirs = userHandle === undefined || Buffer.from(userHandle, 'base64url').toString() === person.id;
  if (!verified || !authenticationInfo || !isTheirs) throw refusal;
  await notePasskeyUse(mdb, passkey.id, authenticationInfo.newCounter);
  return person;
}
