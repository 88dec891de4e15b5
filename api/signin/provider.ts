/** The provider of accounts, asked by OpenID Connect. Whatever it says is believed once its signature is verified. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration, CustomFetch, TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client';
import { z } from 'zod';
import type { DeviceStarted, DeviceWaiting, ProviderFinish, ProviderStarted } from '../../contract/providers.ts';
import { accountName, grantsOf, readClaim, type ToldClaims } from '../../domain/claims.ts';
import type { Mdb } from '../../mdb/connect.ts';
import type { PersonRow } from '../../mdb/people/persons.ts';
import { meetPerson, type ProviderRow, readProvider } from '../../mdb/people/providers.ts';
import { ApiError, granted } from '../people/errors.ts';
import { explainProvider, saysNo } from './provideranswers.ts';

/** Most processes of the API never need it. */
const openid = () => import('openid-client');

type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** Somebody whom the provider knows, and by what it is asked about them again. */
export interface Met {
  readonly person: PersonRow;
  readonly refresh: string | null;
}

export interface Provider {
  start(origin: string): Promise<ProviderStarted>;
  finish(origin: string, told: ProviderFinish): Promise<Met>;
  startDevice(): Promise<DeviceStarted>;
  pollDevice(begun: Pick<DeviceStarted, 'deviceCode' | 'verifier'>): Promise<Met | DeviceWaiting>;
  /**
   * What it says now of somebody who is signed in, and by what it is asked the next time: `gone` where they are nobody any
   * more, there or here.
   */
  ask(person: Pick<PersonRow, 'issuer' | 'subject'>, refresh: string): Promise<{ readonly refresh: string } | 'gone'>;
}

// Somebody waits for it.
const timeoutSeconds = 5;
/** After that, its keys and addresses are read anew. */
const knownForMs = 3_600_000;
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** A file of the data folder's secrets: `token` is the client's secret, and `ca` who signed the provider's certificate. */
const secretFile = z.object({ origin: z.url(), token: z.string().min(1), ca: z.string().optional() });

interface Reached {
  readonly row: ProviderRow;
  readonly config: Configuration;
}

/** `secrets`: the folder of the secrets that references name. */
export function createProvider(mdb: Mdb, secrets: string): Provider {
  let known: { readonly key: string; readonly config: Promise<Configuration>; readonly untilMs: number } | null = null;

  async function reach(): Promise<Reached> {
    const row = await readProvider(mdb);
    if (row === null) throw new ApiError('not-found', 'there is no provider of accounts');
    const secret = row.secretRef === null ? null : await readSecret(join(secrets, row.secretRef), row);
    const key = JSON.stringify([row.issuer, row.clientId, secret]);
    if (known === null || known.key !== key || known.untilMs < Date.now())
      known = { key, config: discover(row, secret), untilMs: Date.now() + knownForMs };
    const { config } = known;
    config.catch(() => {
      if (known?.config === config) known = null;
    });
    return { row, config: await config };
  }

  /** Does something with the provider; what goes wrong with it becomes what a person can do about it. */
  async function having<T>(work: (reached: Reached, library: Awaited<ReturnType<typeof openid>>) => Promise<T>) {
    try {
      return await work(await reach(), await openid());
    } catch (error) {
      throw explainProvider(error);
    }
  }

  async function meetBy(reached: Reached, tokens: Tokens): Promise<Met> {
    const claims = await readClaims(reached.config, tokens, null);
    if (claims === null) throw new ApiError('conflict', `${reached.row.name} gives no ID token`);
    return { person: await meet(reached, claims), refresh: tokens.refresh_token ?? null };
  }

  async function meet({ row }: Reached, claims: ToldClaims): Promise<PersonRow> {
    const name = accountName(readClaim(claims, row.nameClaim));
    if (name === null)
      throw new ApiError('conflict', `${row.name} says nothing by ${row.nameClaim} that could be a name here`);
    const grants = grantsOf(row.rules, claims);
    if (grants.length === 0)
      throw new ApiError('forbidden', `${row.name} knows ${name}, who is nobody here: no rule gives them a role`);
    const told = { issuer: row.issuer, subject: String(claims['sub']), name, grants };
    const person = granted(await meetPerson(mdb, told));
    if (person.disabledAt !== null) throw new ApiError('unauthenticated', `the account ${name} is disabled here`);
    return person;
  }

  return {
    start: (origin) =>
      having(async ({ row, config }, library) => {
        const [state, nonce, verifier] = [
          library.randomState(),
          library.randomNonce(),
          library.randomPKCECodeVerifier(),
        ];
        const url = library.buildAuthorizationUrl(config, {
          ...{ redirect_uri: returnTo(origin), scope: row.scopes.join(' '), state, nonce },
          ...(await challengeOf(verifier)),
          // Without it some give no way to ask again, which is how sessions end with their person.
          ...(row.scopes.includes('offline_access') && { prompt: 'consent' }),
        });
        return { url: url.href, flow: { state, nonce, verifier } };
      }),
    finish: (origin, { code, state, iss, flow }) =>
      having(async (reached, library) => {
        const back = new URL(returnTo(origin));
        for (const [name, value] of Object.entries({ code, state, iss }))
          if (value !== undefined) back.searchParams.set(name, value);
        const tokens = await library.authorizationCodeGrant(reached.config, back, {
          ...{ pkceCodeVerifier: flow.verifier, expectedState: flow.state, expectedNonce: flow.nonce },
          idTokenExpected: true,
        });
        return meetBy(reached, tokens);
      }),
    startDevice: () =>
      having(async ({ row, config }, library) => {
        if (config.serverMetadata().device_authorization_endpoint === undefined)
          throw new ApiError('conflict', `${row.name} signs in by a browser only: make a token in the console`);
        const verifier = library.randomPKCECodeVerifier();
        const started = await library.initiateDeviceAuthorization(config, {
          scope: row.scopes.join(' '),
          // No standard has it here, and Keycloak asks for it where it does of the client's other ways.
          ...(await challengeOf(verifier)),
        });
        return {
          verifier,
          ...{ deviceCode: started.device_code, userCode: started.user_code },
          verificationUri: started.verification_uri,
          verificationUriComplete: started.verification_uri_complete ?? null,
          ...{ expiresSeconds: started.expires_in, intervalSeconds: started.interval ?? 5 },
        };
      }),
    pollDevice: ({ deviceCode, verifier }) =>
      having(async (reached, library): Promise<Met | DeviceWaiting> => {
        try {
          return await meetBy(
            reached,
            await library.genericGrantRequest(reached.config, deviceGrant, {
              ...{ device_code: deviceCode, code_verifier: verifier },
            }),
          );
        } catch (error) {
          if (saysNo(error, 'authorization_pending')) return { waiting: true, slower: false };
          if (saysNo(error, 'slow_down')) return { waiting: true, slower: true };
          throw error;
        }
      }),
    ask: async (person, refresh) => {
      try {
        return await having(async (reached, library) => {
          if (reached.row.issuer !== person.issuer) return 'gone';
          const tokens = await library.refreshTokenGrant(reached.config, refresh);
          const next = tokens.refresh_token ?? refresh;
          const claims = await readClaims(reached.config, tokens, person.subject);
          if (claims !== null && claims['sub'] !== person.subject) return 'gone';
          if (claims !== null) await meet(reached, claims);
          return { refresh: next };
        });
      } catch (error) {
        // It answered, and the answer is no; where there is none, or something here is amiss, nobody knows yet.
        if (error instanceof ApiError && !['busy', 'conflict'].includes(error.code)) return 'gone';
        throw error;
      }
    },
  };
}

async function challengeOf(verifier: string) {
  const { calculatePKCECodeChallenge } = await openid();
  return { code_challenge: await calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' };
}

/** The console's page at which the provider hands people back. */
const returnTo = (origin: string) => new URL('/signin', origin).href;

/** What is told of somebody: in the ID token, and where the provider serves that, as user info. Null: nothing. */
async function readClaims(config: Configuration, tokens: Tokens, subject: string | null): Promise<ToldClaims | null> {
  const said = tokens.claims();
  const of = said?.sub ?? subject;
  if (of === null) return null;
  if (config.serverMetadata().userinfo_endpoint === undefined) return said ?? null;
  const { fetchUserInfo } = await openid();
  return { ...said, ...(await fetchUserInfo(config, tokens.access_token, of)) };
}

type Secret = z.infer<typeof secretFile>;

async function readSecret(path: string, { issuer, secretRef }: ProviderRow): Promise<Secret> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const read = secretFile.safeParse(parse(text));
  if (!read.success || new URL(read.data.origin).origin !== new URL(issuer).origin)
    throw new ApiError('conflict', `the secret ${secretRef} is not one of ${new URL(issuer).origin}: origin, token`);
  return read.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function discover({ issuer, clientId }: ProviderRow, secret: Secret | null): Promise<Configuration> {
  const library = await openid();
  const plain = new URL(issuer).protocol === 'http:' ? [library.allowInsecureRequests] : [];
  return library.discovery(
    new URL(issuer),
    clientId,
    undefined,
    secret === null ? library.None() : library.ClientSecretBasic(secret.token),
    {
      timeout: timeoutSeconds,
      execute: [library.enableNonRepudiationChecks, ...plain],
      ...(secret?.ca !== undefined && { [library.customFetch]: await trusting(secret.ca) }),
    },
  );
}

async function trusting(ca: string) {
  const [undici, tls] = await Promise.all([import('undici'), import('node:tls')]);
  const dispatcher = new undici.Agent({ connect: { ca: [...tls.rootCertificates, ca] } });
  return ((url: string, options: object) => undici.fetch(url, { ...options, dispatcher })) as unknown as CustomFetch;
}
