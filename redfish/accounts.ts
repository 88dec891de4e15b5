import { RedfishError } from './errors.ts';
import { ownPath } from './links.ts';
import { type Credentials, type Login, signIn, signOut } from './login.ts';
import type { PasswordLimits } from './password.ts';
import { readAccountLimits } from './read/accounts.ts';
import { openReader, throwPassing } from './read/reader.ts';
import { linkedPath, readText, valueAt } from './read/values.ts';
import { readRoot, type Session, sessionOver } from './session.ts';
import { openTransport, type Transport } from './transport.ts';

/** An account of a controller; a slot that nobody has (Dell) is none. */
export interface Account {
  readonly path: string;
  readonly id: string;
  readonly username: string;
  readonly enabled: boolean;
  readonly role: string | null;
  readonly locked: boolean;
  readonly mustChange: boolean;
}

export interface AccountsReading {
  /** Where accounts are made, by those that make them by a POST. */
  readonly path: string;
  readonly accounts: readonly Account[];
  /** Whether every one of them could be read: otherwise one that is not among them may be there all the same. */
  readonly whole: boolean;
  /** Fixed places that nobody has yet, where accounts are made by changing one; empty elsewhere (quirk 67). */
  readonly free: readonly string[];
  readonly limits: PasswordLimits;
}

/** Dell's first slot, which nobody can have. */
const reserved = '1';

const noLimits: PasswordLimits = { shortest: null, max: null };

/** The controller's accounts, and what their passwords have to keep to. Throws `unsupported` where it shows none. */
export async function readAccounts(session: Session): Promise<AccountsReading> {
  const reader = await openReader(session);
  const limits = await readAccountLimits(reader);
  if (limits === null || limits.accountsPath === null)
    throw new RedfishError('unsupported', 'the controller shows no accounts', { carriedOut: 'no' });
  const members = await reader.members({ '@odata.id': limits.accountsPath });
  throwPassing(reader.gaps);
  const blank = members.filter((member) => isBlank(member.UserName) && readText(member.Id) !== reserved);
  return {
    path: limits.accountsPath,
    whole: reader.gaps.length === 0,
    free: blank.flatMap((member) => linkedPath(member) ?? []),
    limits: { shortest: limits.shortestPassword, max: limits.maxPassword },
    accounts: members.flatMap((member): Account[] => {
      const [path, username] = [linkedPath(member), readText(member.UserName)];
      if (path === null || username === null) return [];
      return [
        {
          path,
          id: readText(member.Id) ?? path,
          username,
          enabled: member.Enabled !== false,
          role:
            readText(member.RoleId) ??
            linkedPath(valueAt(member, 'Links', 'Role'))
              ?.split('/')
              .at(-1) ??
            null,
          locked: member.Locked === true,
          mustChange: member.PasswordChangeRequired === true,
        },
      ];
    }),
  };
}

/** A place that nobody has: it shows a name, and there is nothing in it. A member that was not read shows none. */
function isBlank(name: unknown): boolean {
  return name === null || (typeof name === 'string' && readText(name) === null);
}

export interface OwnAccount {
  readonly path: string;
  readonly limits: PasswordLimits;
  /** Nothing else is shown until the password is another one (quirk 18). */
  readonly limited: boolean;
}

/** The account that this user signs in with: of all, or the one that the refusal of everything else points at. */
export async function readOwnAccount(session: Session, username: string): Promise<OwnAccount> {
  try {
    const { accounts, limits } = await readAccounts(session);
    const exact = accounts.find((account) => account.username === username);
    const alike = accounts.filter((account) => account.username.toLowerCase() === username.toLowerCase());
    const own = exact ?? (alike.length === 1 ? alike[0] : undefined);
    if (own) return { path: own.path, limits, limited: false };
  } catch (error) {
    if (!(error instanceof RedfishError) || error.kind !== 'password-change' || error.pointer === null) throw error;
    return { path: ownPath(error.pointer), limits: noLimits, limited: true };
  }
  const words = `the controller lists no account named ${JSON.stringify(username)} whose password could be changed`;
  throw new RedfishError('unsupported', words, { carriedOut: 'no' });
}

/** Sends one change of a password. Errors never carry it, even where the controller says it back. */
export async function writePassword(session: Session, path: string, password: string): Promise<void> {
  await keepingSecret(password, () => session.write('PATCH', path, { Password: password }));
}

/** Makes an account: in a place that is free where there are such places, else by a POST. */
export async function makeAccount(
  session: Session,
  { free, path }: Pick<AccountsReading, 'free' | 'path'>,
  { username, password }: Credentials,
  role: string,
): Promise<void> {
  const account = { UserName: username, Password: password, RoleId: role, Enabled: true };
  const [place] = free;
  await keepingSecret(password, () =>
    place === undefined ? session.write('POST', path, account) : session.write('PATCH', place, account),
  );
}

async function keepingSecret(password: string, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!(error instanceof RedfishError) || !error.message.includes(password)) throw error;
    const { kind, message, status, carriedOut, retryAfterMs } = error;
    throw new RedfishError(kind, message.replaceAll(password, '******'), { status, carriedOut, retryAfterMs });
  }
}

/** Takes an account away; a fixed place stays, and is free. */
export async function dropAccount(session: Session, { path }: Account, places: boolean): Promise<void> {
  if (places) await session.write('PATCH', path, { UserName: '', Enabled: false });
  else await session.write('DELETE', path);
}

/** Whether nobody of that name has the account at this place any more, by a look at the place itself. */
export async function isGone(session: Session, path: string, username: string): Promise<boolean> {
  try {
    const { UserName: name } = await session.get(path);
    return name === null || (typeof name === 'string' && name.toLowerCase() !== username.toLowerCase());
  } catch (error) {
    if (error instanceof RedfishError && error.kind === 'missing') return true;
    throw error;
  }
}

/** Whom to sign in to, and with which key. */
export interface AccountAccess {
  readonly origin: string;
  readonly pin: string | null;
  readonly signal?: AbortSignal | undefined;
  /** Every attempt to sign in goes through this, where there is one. */
  readonly gate?: (credentials: Credentials, attempt: () => Promise<Login>) => Promise<Login>;
}

/**
 * Works over a session of its own, deleted afterwards: for what changes the credentials that others share a session
 * of. An account that has to be given a new password first is let in for that.
 */
export async function withOwnSession<T>(
  { origin, pin, signal, gate = (_, attempt) => attempt() }: AccountAccess,
  credentials: Credentials,
  work: (session: Session, transport: Transport) => Promise<T>,
): Promise<T> {
  const transport = openTransport(origin, pin);
  try {
    const root = await readRoot(transport, signal);
    const login = await gate(credentials, () => signIn(transport, root, credentials, 'bear'));
    const renew = async () => {
      throw new RedfishError('session-lost', `${origin} forgot the session`);
    };
    try {
      return await work(sessionOver(transport, { root, login: () => login, renew }, signal), transport);
    } finally {
      await signOut(transport, login);
    }
  } finally {
    await transport.close();
  }
}

/** Signs in once, and out: whether these credentials are in force. Throws what says nothing about them. */
export async function inForce(access: AccountAccess, credentials: Credentials): Promise<boolean> {
  try {
    return await withOwnSession(access, credentials, async () => true);
  } catch (error) {
    if (error instanceof RedfishError && error.kind === 'credentials') return false;
    throw error;
  }
}
