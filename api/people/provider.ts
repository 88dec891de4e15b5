import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/providers.ts';
import { signedIn, signInChoices } from '../../contract/session.ts';
import type { ClaimRule } from '../../domain/claims.ts';
import { readProvider, setProvider } from '../../mdb/people/providers.ts';
import { askedOrigin } from '../signin/cookies.ts';
import { enter } from '../signin/signin.ts';
import { ApiError } from './errors.ts';
import { mustBeSecret } from './names.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

const anyone = { role: 'anyone', of: 'account' } as const;
const right = { role: 'admin', of: 'fleet' } as const;

/** The provider of accounts as a policy, and signing in by it. */
export const providerRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/provider',
    tag: 'accounts',
    summary: 'Who says who people are, and by which claims they have which roles',
    right,
    effect: 'read',
    answers: { 200: contract.providerView },
    intent: ({ mdb }) => readProvider(mdb),
    handle: async ({ mdb }) => {
      const row = await readProvider(mdb);
      if (row === null) throw new ApiError('not-found', 'there is no provider of accounts');
      return { ...row, scopes: [...row.scopes], rules: row.rules.map(showRule) };
    },
  }),
  route({
    method: 'PUT',
    path: '/provider',
    tag: 'accounts',
    summary: 'Sets it; who is signed in by it is what the new rules say within five minutes',
    right,
    effect: 'write',
    reason: 'required',
    body: contract.providerRequest,
    answers: { 200: accepted },
    intent: ({ mdb }) => readProvider(mdb),
    handle: async ({ body: { reason, ...wanted }, operator, dependencies, mdb }) => {
      if (wanted.secretRef !== null) await mustBeSecret(dependencies, wanted.secretRef, 'secretRef');
      await setProvider(mdb, operator, wanted, reason);
      return acceptance;
    },
  }),
  route({
    method: 'DELETE',
    path: '/provider',
    tag: 'accounts',
    summary: 'Lets nobody sign in by it any more; who is signed in by it is signed out within five minutes',
    right,
    effect: 'write',
    reason: 'required',
    query: contract.providerRemoval,
    answers: { 200: accepted },
    handle: async ({ query: { reason }, operator, mdb }) => {
      if ((await readProvider(mdb)) === null) throw new ApiError('not-found', 'there is no provider of accounts');
      await setProvider(mdb, operator, null, reason);
      return acceptance;
    },
  }),
  route({
    method: 'GET',
    path: '/session/choices',
    tag: 'session',
    summary: 'By which ways people sign in, besides passwords and passkeys',
    right: anyone,
    effect: 'read',
    answers: { 200: signInChoices },
    handle: async ({ mdb }) => ({ provider: (await readProvider(mdb))?.name ?? null }),
  }),
  route({
    method: 'POST',
    path: '/session/provider/start',
    tag: 'session',
    summary: 'Where a page sends somebody to say who they are: authorization code with PKCE',
    right: anyone,
    effect: 'write',
    body: contract.providerStart,
    answers: { 200: contract.providerStarted },
    handle: async ({ request, signIn }) => {
      signIn.countTry(request.ip);
      return signIn.provider.start(askedOrigin(request));
    },
  }),
  route({
    method: 'POST',
    path: '/session/provider',
    tag: 'session',
    summary: 'Signs in whom the provider has sent back',
    right: anyone,
    effect: 'write',
    body: contract.providerFinish,
    answers: { 201: signedIn },
    handle: async ({ body, signIn, ...asked }) => {
      signIn.countTry(asked.request.ip);
      const { person, refresh } = await signIn.provider.finish(askedOrigin(asked.request), body);
      return enter(asked, person, 'provider', refresh);
    },
  }),
  route({
    method: 'POST',
    path: '/session/device/start',
    tag: 'session',
    summary: 'What somebody does on another device to sign in a program: device authorization',
    right: anyone,
    effect: 'write',
    body: contract.providerStart,
    answers: { 200: contract.deviceStarted },
    handle: async ({ request, signIn }) => {
      signIn.countTry(request.ip);
      return signIn.provider.startDevice();
    },
  }),
  route({
    method: 'POST',
    path: '/session/device',
    tag: 'session',
    summary: 'Signs in a program whose person has said who they are on another device, or says to wait',
    right: anyone,
    effect: 'write',
    body: contract.devicePoll,
    answers: { 201: signedIn, 202: contract.deviceWaiting },
    handle: async ({ body, signIn, ...asked }) => {
      signIn.countTry(asked.request.ip);
      const met = await signIn.provider.pollDevice(body);
      if ('person' in met) return enter(asked, met.person, 'provider', met.refresh);
      asked.reply.code(202);
      return met;
    },
  }),
];

const showRule = ({ claim, value, role, pools, teams }: ClaimRule) => ({
  ...{ claim, value, role, pools: pools && [...pools], teams: teams && [...teams] },
});
