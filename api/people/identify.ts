/** Who asks: by a token, or on an address that nobody else reaches. */
import type { FastifyRequest } from 'fastify';
import type { Grant } from '../../domain/grants.ts';
import { isLoopback } from '../../host/listen.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { findToken, noteTokenUse } from '../../mdb/people/tokens.ts';
import { limitRate } from '../limits.ts';
import { ApiError, TooMany } from './errors.ts';
import { type Identify, type Operator, operatorOf } from './operator.ts';

export interface IdentifyOptions {
  readonly mdb: Mdb;
  /** Whether whoever reaches this process by the loopback address is its administrator. */
  readonly trustsLoopback: boolean;
}

// Tokens from one address that are not known to be good. Nobody guesses 256 bits: this keeps who tries from the MDB.
const perGuesser = { burst: 60, perSecond: 1 };
// One that was good a moment ago costs nothing, whoever guesses behind the same address.
const goodForMs = 60_000;
const maxGood = 10_000;

export function createIdentify({ mdb, trustsLoopback }: IdentifyOptions): Identify {
  const guesses = limitRate(perGuesser);
  const good = new Map<string, number>();

  async function identifyToken(request: FastifyRequest, header: string): Promise<Operator> {
    if ((good.get(header) ?? 0) < Date.now() && !guesses.take(request.ip))
      throw new TooMany('too many wrong tokens came from this address: wait a moment', guesses.waitSeconds(request.ip));
    // Whatever is wrong with it, the same is done and said.
    const found = await findToken(mdb, /^Bearer +(\S{1,200})$/i.exec(header)?.[1] ?? '');
    if (found === null) {
      good.delete(header);
      throw new ApiError('unauthenticated', 'this token is not one that is good now');
    }
    good.set(header, Date.now() + goodForMs);
    if (good.size > maxGood) good.delete(good.keys().next().value as string);
    if (Date.now() - (found.lastUsedAt?.getTime() ?? 0) > goodForMs) await noteTokenUse(mdb, found.id);
    const { name, grants, expiresAt, person, maker } = found;
    return operatorOf(`token:${name}`, grants, 'token', expiresAt, { person, maker });
  }

  return async (request) => {
    refuseForeign(request);
    const { authorization } = request.headers;
    if (authorization !== undefined) return identifyToken(request, authorization);
    return trustsLoopback ? identifyLocal(request) : null;
  };
}

/** No page from elsewhere may ask through somebody's browser. */
function refuseForeign({ headers, protocol }: FastifyRequest): void {
  const { origin, host } = headers;
  if (origin !== undefined && origin !== `${protocol}://${host}`)
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
