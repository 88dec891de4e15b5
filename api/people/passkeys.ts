import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/passkeys.ts';
import { signedIn } from '../../contract/session.ts';
import { listPasskeys, removePasskey } from '../../mdb/people/passkeys.ts';
import { askForNew, askForSignature, byPasskey, takeNew } from '../signin/passkeys.ts';
import { enter } from '../signin/signin.ts';
import { ApiError } from './errors.ts';
import type { Operator } from './operator.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

const anyone = { role: 'anyone', of: 'account' } as const;
const oneself = { role: 'viewer', of: 'account' } as const;

/** Passkeys of who is signed in, and signing in by one. */
export const passkeyRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/session/passkey/options',
    tag: 'session',
    summary: 'What a passkey is to sign, so that its person is signed in',
    right: anyone,
    effect: 'write',
    body: contract.passkeyOptionsRequest,
    answers: { 200: contract.passkeyOptions },
    handle: async ({ request, mdb, signIn }) => {
      signIn.countTry(request.ip);
      return { ...(await askForSignature(mdb, request)) };
    },
  }),
  route({
    method: 'POST',
    path: '/session/passkey',
    tag: 'session',
    summary: 'Signs a person in by what their passkey has signed',
    right: anyone,
    effect: 'write',
    body: contract.passkeySignIn,
    answers: { 201: signedIn },
    handle: async ({ body, signIn, ...asked }) => {
      signIn.countTry(asked.request.ip);
      return enter(asked, await byPasskey(asked.mdb, asked.request, body), 'passkey');
    },
  }),
  route({
    method: 'GET',
    path: '/passkeys',
    tag: 'session',
    summary: 'Passkeys of who is signed in',
    right: oneself,
    effect: 'read',
    answers: { 200: contract.passkeyList },
    handle: async ({ operator, mdb }) => {
      const rows = await listPasskeys(mdb, mustBePerson(operator));
      return {
        passkeys: rows.map(({ id, name, host, createdAt, usedAt }) => ({
          ...{ id, name, host, createdAt: createdAt.toISOString(), usedAt: usedAt?.toISOString() ?? null },
        })),
      };
    },
  }),
  route({
    method: 'POST',
    path: '/passkeys/options',
    tag: 'session',
    summary: 'What an authenticator makes a passkey of, for who is signed in',
    right: oneself,
    effect: 'write',
    body: contract.passkeyOptionsRequest,
    answers: { 200: contract.passkeyOptions },
    handle: async ({ request, operator, mdb }) => ({
      ...(await askForNew(mdb, request, { id: mustBePerson(operator), name: operator.name })),
    }),
  }),
  route({
    method: 'POST',
    path: '/passkeys',
    tag: 'session',
    summary: 'Adds the passkey that an authenticator has made',
    right: oneself,
    effect: 'write',
    body: contract.passkeyRegistration,
    answers: { 201: accepted },
    handle: async ({ body, request, operator, mdb }) => {
      await takeNew(mdb, request, operator, mustBePerson(operator), body);
      return acceptance;
    },
  }),
  route({
    method: 'DELETE',
    path: '/passkeys/:id',
    tag: 'session',
    summary: 'Forgets a passkey of who is signed in',
    right: oneself,
    effect: 'write',
    params: contract.passkeyId,
    answers: { 200: accepted },
    handle: async ({ params: { id }, operator, mdb }) => {
      if (!(await removePasskey(mdb, operator, mustBePerson(operator), id)))
        throw new ApiError('not-found', `there is no passkey ${id} of ${operator.name}`);
      return acceptance;
    },
  }),
];

/** Id of who is signed in. Who comes from a provider signs in there: it could not end what a passkey begins. */
function mustBePerson({ name, session }: Operator): string {
  if (session === null || session.way === 'provider')
    throw new ApiError('conflict', `${name} has no account of Farrier's own, which alone has passkeys`);
  return session.personId;
}
