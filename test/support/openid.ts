/** A provider of accounts by OpenID Connect, in this process, and a person who goes there in a browser. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type ClientMetadata } from 'oidc-provider';

/** Seconds for which its ID tokens are good. */
export const idTokenSeconds = 600;

// In one process there is one clock: what the provider does reads another.
const ahead = new AsyncLocalStorage<number>();
const realNow = Date.now;
Date.now = () => realNow() + (ahead.getStore() ?? 0);

export interface OpenIdProvider {
  readonly issuer: string;
  /** What it tells of whom, by what they sign in as; who is not there is nobody to it. */
  readonly accounts: Map<string, Readonly<Record<string, unknown>>>;
  /** By how much its clock is ahead of everybody's. */
  aheadSeconds: number;
  /** Goes away, and comes back at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** `clients` are as the provider has them; redirects are what tests ask for. */
export async function startOpenId(clients: ClientMetadata[]): Promise<OpenIdProvider> {
  const accounts: OpenIdProvider['accounts'] = new Map();
  let serve: Parameters<typeof createServer>[1] = (_request, response) => response.end();
  let server: Server;
  let port = 0;
  const start = async () => {
    server = createServer((request, response) => ahead.run(it.aheadSeconds * 1000, () => serve?.(request, response)));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  };
  const it = {
    issuer: '',
    accounts,
    aheadSeconds: 0,
    start,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await start();
  it.issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(it.issuer, {
    clients,
    findAccount: (_ctx, sub) => {
      const claims = accounts.get(sub);
      return claims && { accountId: sub, claims: () => ({ ...claims, sub }) };
    },
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    scopes: ['openid', 'offline_access', 'profile', 'groups'],
    features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
    cookies: { keys: ['not a secret'] },
    ttl: { IdToken: idTokenSeconds, AccessToken: 600, DeviceCode: 600 },
    rotateRefreshToken: true,
  });
  serve = provider.callback();
  return it;
}

/** What a form sends that nobody has changed. */
function fieldsOf(page: string): URLSearchParams {
  const given = new URLSearchParams();
  for (const [tag] of page.matchAll(/<input[^>]*>/g)) {
    const [, name = 'cancel'] = / name="([^"]+)"/.exec(tag) ?? [];
    // Of two buttons one is pressed.
    if (name !== 'cancel') given.set(name, / value="([^"]*)"/.exec(tag)?.[1] ?? '');
  }
  return given;
}

/**
 * Goes to an address as somebody in a browser does, signs in as is asked there, and gives the address to which they are
 * sent back, or the last page.
 */
export async function visitAs(login: string, address: string): Promise<string> {
  const jar = new Map<string, string>();
  let [url, form] = [address, null as URLSearchParams | null];
  for (let steps = 0; steps < 30; steps += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = form === null ? {} : { method: 'POST', body: form };
    const answer = await fetch(url, { ...sent, headers: { cookie }, redirect: 'manual' });
    for (const each of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
      jar.set(name, value);
    }
    const to = answer.headers.get('location');
    if (to !== null) {
      const next = new URL(to, url);
      if (next.origin !== new URL(address).origin) return next.href;
      [url, form] = [next.href, null];
      continue;
    }
    const page = await answer.text();
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
    if (action === undefined) return page;
    [url, form] = [new URL(action.replaceAll('&amp;', '&'), url).href, fieldsOf(page)];
    for (const field of ['login', 'username']) if (form.has(field)) form.set(field, login);
    if (form.has('password')) form.set('password', 'any');
  }
  throw new Error(`${address} asks for ever`);
}
