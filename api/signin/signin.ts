/** Signing in and out, whichever way somebody shows who they are. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type SignInWay, sessionLimits } from '../../domain/sessions.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { findPerson, type PersonRow } from '../../mdb/people/persons.ts';
import { endSession, startSession } from '../../mdb/people/sessions.ts';
import { limitRate } from '../limits.ts';
import { ApiError, TooMany } from '../people/errors.ts';
import type { Operator } from '../people/operator.ts';
import { isOwnPage, writeCookie } from './cookies.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { createProvider, type Provider } from './provider.ts';
import { seal } from './sealing.ts';

// Of one address, of one address for one name, and for one name from wherever: the last is wide, so that nobody keeps
// somebody out by trying their name.
const [perAddress, perPair, perName] = [
  { burst: 30, perSecond: 1 / 2 },
  { burst: 10, perSecond: 1 / 20 },
  { burst: 100, perSecond: 1 / 5 },
];

const waitSeconds = 30;

export interface SignIn {
  readonly passwords: Passwords;
  readonly provider: Provider;
  /** Counts a try, which is not known to be right, from an address; throws ApiError after too many. */
  countTry(address: string, name?: string): void;
  /** Whose name and password these are. Throws ApiError, in the same words whatever is wrong. */
  byPassword(name: string, password: string, address: string): Promise<PersonRow>;
}

/** `secrets`: the folder of the secrets that references name. */
export function createSignIn(mdb: Mdb, secrets: string): SignIn {
  const provider = createProvider(mdb, secrets);
  const passwords = createPasswords();
  const [addresses, pairs, names] = [limitRate(perAddress), limitRate(perPair), limitRate(perName)];

  const countTry = (address: string, name?: string) => {
    const taken =
      addresses.take(address) && (name === undefined || (pairs.take(`${address} ${name}`) && names.take(name)));
    if (!taken) throw new TooMany('too many have tried to sign in: wait half a minute', waitSeconds);
  };

  return {
    passwords,
    provider,
    countTry,
    byPassword: async (name, password, address) => {
      countTry(address, name);
      const person = await findPerson(mdb, name);
      const right = await passwords.isRight(person?.passwordHash ?? null, password);
      if (right === null) throw new ApiError('busy', 'too many are signing in at once: try again');
      if (!right || person === null || person.disabledAt !== null)
        throw new ApiError('unauthenticated', 'no account has this name and password');
      return person;
    },
  };
}

/** What signing in comes to. */
interface Entering {
  readonly mdb: Mdb;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly operator: Operator;
}

/**
 * Signs somebody in: a page of ours by a cookie, which takes the place of the one that it had, and every other program by
 * a token in the answer.
 */
export async function enter(
  { mdb, request, reply, operator }: Entering,
  person: PersonRow,
  way: SignInWay,
  refresh: string | null = null,
) {
  const kind = isOwnPage(request) ? 'browser' : 'program';
  const started = await startSession(mdb, person, {
    ...{ kind, way, address: request.ip },
    ...(refresh !== null && { seal: (secret: string) => seal(refresh, secret) }),
    // Who cannot be asked about signs in again soon.
    ...(way === 'provider' && refresh === null && { lifeMs: sessionLimits.browser.idleMs }),
  });
  if (started === null) throw new ApiError('unauthenticated', 'this account was disabled');
  const { session, secret } = started;
  if (kind === 'browser') {
    if (operator.session?.kind === 'browser') await endSession(mdb, operator, operator.session.id);
    reply.header('set-cookie', writeCookie(request, secret, sessionLimits.browser.lifeMs));
  }
  return {
    name: person.name,
    expiresAt: session.expiresAt.toISOString(),
    token: kind === 'program' ? secret : null,
  };
}

/** Signs out whoever asks. */
export async function leave({ mdb, request, reply, operator }: Entering): Promise<void> {
  const { session } = operator;
  if (session === null)
    throw new ApiError('conflict', `${operator.name} is known by ${operator.by}, which nobody signs out of`);
  await endSession(mdb, operator, session.id);
  if (session.kind === 'browser') reply.header('set-cookie', writeCookie(request, null, 0));
}
