import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/session.ts';
import { choosePassword, findPerson } from '../../mdb/people/persons.ts';
import { enter, leave } from '../signin/signin.ts';
import { showGrant } from './accounts.ts';
import { ApiError } from './errors.ts';
import { mustBePassword } from './persons.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

const anyone = { role: 'anyone', of: 'account' } as const;
const oneself = { role: 'viewer', of: 'account' } as const;

/** Signing in and out, and who one is then. */
export const sessionRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/session',
    tag: 'session',
    summary: 'Who asks, and what they may',
    right: oneself,
    effect: 'read',
    answers: { 200: contract.sessionView },
    handle: ({ operator: { name, by, role, grants, expiresAt, session }, temporal = null }) => ({
      ...{ name, by, role, grants: grants.map(showGrant), expiresAt: expiresAt?.toISOString() ?? null, temporal },
      passwordGiven: session?.passwordGiven ?? false,
    }),
  }),
  route({
    method: 'POST',
    path: '/session',
    tag: 'session',
    summary: 'Signs a person in by name and password: a page by a cookie, a program by the token in the answer',
    right: anyone,
    effect: 'write',
    body: contract.passwordSignIn,
    answers: { 201: contract.signedIn },
    handle: async ({ body: { name, password }, signIn, ...asked }) =>
      enter(asked, await signIn.byPassword(name, password, asked.request.ip), 'password'),
  }),
  route({
    method: 'DELETE',
    path: '/session',
    tag: 'session',
    summary: 'Signs out who is signed in, from the next request on',
    right: oneself,
    effect: 'write',
    answers: { 200: accepted },
    handle: async (asked) => {
      await leave(asked);
      return acceptance;
    },
  }),
  route({
    method: 'PUT',
    path: '/session/password',
    tag: 'session',
    summary: 'Takes another password of who is signed in, who is signed out everywhere else',
    right: oneself,
    effect: 'write',
    body: contract.passwordChange,
    answers: { 200: accepted },
    handle: async ({ body: { old, password }, operator, request, mdb, signIn }) => {
      const { session, name } = operator;
      const person = session && (await findPerson(mdb, name));
      if (!session || !person?.passwordHash) throw new ApiError('conflict', `${name} has no password here`);
      signIn.countTry(request.ip, name);
      if (!(await signIn.passwords.isRight(person.passwordHash, old)))
        throw new ApiError('forbidden', 'this is not the password that there is', 'old');
      const passwordHash = await signIn.passwords.hash(mustBePassword(password, name));
      await choosePassword(mdb, person, { passwordHash, sessionId: session.id });
      return acceptance;
    },
  }),
];
