/** Who asks: by a token or a session, or on an address that nobody else reaches. */
import type { FastifyRequest } from 'fastify';
import type { Grant } from '../../domain/grants.ts';
import type { SessionKind } from '../../domain/sessions.ts';
import { isLoopback } from '../../host/listen.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { findSession, noteSessionUse, type SignedIn, sessionMark } from '../../mdb/people/sessions.ts';
import { findToken, noteTokenUse, type TokenRow } from '../../mdb/people/tokens.ts';
import { limitRate } from '../limits.ts';
import type { Confirm } from '../signin/confirming.ts';
import { askedOrigin, isOwnPage, readCookie } from '../signin/cookies.ts';
import { ApiError, TooMany } from './errors.ts';
import { type Identify, type Operator, operatorOf } from './operator.ts';

export interface IdentifyOptions {
  readonly mdb: Mdb;
  /** Whether whoever reaches this process by the loopback address is its administrator. */
  readonly trustsLoopback: boolean;
  /** Whether who is signed in still may. */
  readonly confirm: Confirm;
}

// Secrets from one address that are not known to be good. Nobody guesses 256 bits: this keeps who tries from the MDB.
const perGuesser = { burst: 60, perSecond: 1 };
// One that was good when it was last looked up costs nothing, whoever guesses behind the same address.
const maxGood = 10_000;
// Between two notes of a secret's use.
const usedEveryMs = 60_000;

export function createIdentify({ mdb, trustsLoopback, confirm }: IdentifyOptions): Identify {
  const guesses = limitRate(perGuesser);
  const good = new Set<string>();

  /** Looks for whose a secret is, unless too many others came from there. Whatever is wrong with it, the same is done. */
  async function lookUp<T>(secret: string, { ip }: FastifyRequest, find: () => Promise<T | null>): Promise<T | null> {
    if (!good.has(secret) && !guesses.take(ip))
      throw new TooMany('too many wrong tokens came from this address: wait a moment', guesses.waitSeconds(ip));
    const found = await find();
    good.delete(secret);
    if (found !== null) good.add(secret);
    if (good.size > maxGood) good.delete(good.values().next().value as string);
    return found;
  }

  async function identifyBearer(request: FastifyRequest, header: string): Promise<Operator> {
    const secret = /^Bearer +(\S{1,200})$/i.exec(header)?.[1] ?? '';
    const found = await lookUp<SignedIn | TokenRow>(header, request, () =>
      secret.startsWith(sessionMark) ? findConfirmed(secret, 'program') : findToken(mdb, secret),
    );
    if (found === null) throw new ApiError('unauthenticated', 'this token is not one that is good now');
    if ('session' in found) return operatorBy(found);
    if (isOld(found.lastUsedAt)) await noteTokenUse(mdb, found.id);
    const { name, grants, expiresAt, person, maker } = found;
    return operatorOf(`token:${name}`, grants, 'token', { expiresAt, person, maker });
  }

  /** Whose sign-in a secret is, who still may. */
  async function findConfirmed(secret: string, kind: SessionKind): Promise<SignedIn | null> {
    const found = await findSession(mdb, secret, kind);
    return found && confirm(found, secret);
  }

  async function operatorBy({ session, person }: SignedIn): Promise<Operator> {
    if (isOld(session.usedAt)) await noteSessionUse(mdb, session);
    const { id, kind, way, personId, expiresAt } = session;
    // Who gave them their password could sign in by it.
    const maker = person.passwordBy;
    return operatorOf(person.name, person.grants, way, {
      ...{ expiresAt, maker, session: { id, personId, kind, way, passwordGiven: maker !== null } },
    });
  }

  /** Null for a cookie that is good no more, as for none. */
  async function identifyBrowser(request: FastifyRequest, secret: string): Promise<Operator | null> {
    const found = await lookUp(secret, request, () => findConfirmed(secret, 'browser'));
    if (found === null) return null;
    // Browsers send it along whoever asks them to: what it is good for is done for pages of ours alone.
    const { method, headers } = request;
    const changes = method !== 'GET' && method !== 'HEAD';
    if (changes ? !isOwnPage(request) : !['same-origin', 'none', undefined].includes(siteOf(headers)))
      throw new ApiError('forbidden', 'who is signed in by a cookie is asked for by pages of this origin only');
    return operatorBy(found);
  }

  return async (request) => {
    refuseForeign(request);
    const { authorization } = request.headers;
    if (authorization !== undefined) return identifyBearer(request, authorization);
    const cookie = readCookie(request);
    const person = cookie === null ? null : await identifyBrowser(request, cookie);
    return person ?? (trustsLoopback ? identifyLocal(request) : null);
  };
}

const isOld = (usedAt: Date | null) => Date.now() - (usedAt?.getTime() ?? 0) > usedEveryMs;

const siteOf = ({ 'sec-fetch-site': site }: FastifyRequest['headers']) => (Array.isArray(site) ? site[0] : site);

/** No page from elsewhere may ask through somebody's browser. */
function refuseForeign(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin !== undefined && origin !== askedOrigin(request))
    throw new ApiError('forbidden', 'pages of other origins may not ask');
}

const everything: readonly Grant[] = [{ role: 'admin', pools: null, teams: null }];

/** By what a proxy says for whom it asks. */
const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/**
 * On a loopback address that is trusted, whoever reaches it is the machine's operator; the name that the CLI gives is for
 * the audit and grants nothing. Who is not on this machine must not be such a caller: a foreign Host (DNS rebinding) is
 * refused, and what came through a proxy has to sign in.
 */
function identifyLocal({ headers, socket }: FastifyRequest): Operator | null {
  const name = URL.parse(`http://${headers.host ?? ''}`)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  if (!isLoopback(name)) throw new ApiError('forbidden', 'this address is not one at which the API answers');
  const peer = socket.remoteAddress?.replace(/^::ffff:/, '');
  if ((peer !== undefined && !isLoopback(peer)) || forwarding.some((header) => headers[header] !== undefined))
    return null;
  const given = headers['x-farrier-operator'];
  const known = typeof given === 'string' && /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(given);
  return operatorOf(known ? given : 'local', everything, 'loopback');
}
