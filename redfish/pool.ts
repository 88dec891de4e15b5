import { createHash } from 'node:crypto';
import { RedfishError } from './errors.ts';
import { type Governor, govern, openGovernor, type SiteLoad } from './governor.ts';
import { type Credentials, type Login, signIn, signOut } from './login.ts';
import { readRoot, type Session, sessionOver } from './session.ts';
import { type Json, openTransport, type Transport, type TransportLimits } from './transport.ts';

/** How long an unused session is kept: controllers have few (quirk 1), a passage asks every few seconds. */
const idleFor = 60_000;

/** Whom to talk to, as whom. */
export interface Contact {
  readonly origin: string;
  readonly pin: string | null;
  readonly credentials: Credentials;
  readonly site: SiteLoad;
  /** Every attempt to sign in goes through this: the place where attempts are counted across processes. */
  readonly gate: (attempt: () => Promise<Login>) => Promise<Login>;
  readonly signal?: AbortSignal | undefined;
}

export interface SessionPool {
  /** Works over the controller's one session of this process, opened if there is none. */
  use<T>(contact: Contact, work: (session: Session, pin: string | null) => Promise<T>): Promise<T>;
  /** Deletes all sessions; nothing is opened afterwards. */
  close(): Promise<void>;
}

interface Entry {
  readonly transport: Transport;
  /** Of the credentials; kept in memory only. */
  readonly version: string;
  /** Null once it failed or ended. */
  login: Promise<Login> | null;
  /** Of the last signing in. */
  root: Json | null;
  users: number;
  retired: boolean;
  idle: NodeJS.Timeout | undefined;
}

/** One session a controller, shared by all that this process does there, deleted when idle and at the end. */
export function openSessionPool(
  options: { readonly idleMs?: number; readonly limits?: Partial<TransportLimits>; readonly governor?: Governor } = {},
): SessionPool {
  const { governor = openGovernor() } = options;
  const entries = new Map<string, Entry>();
  let closed = false;

  const entryFor = (contact: Contact): Entry => {
    if (closed) throw new Error('the sessions of this process are closed');
    const version = versionOf(contact.credentials);
    const known = entries.get(contact.origin);
    if (known && known.version === version && agrees(contact.pin, known.transport.pin())) return known;
    if (known) void retire(contact.origin, known);
    const direct = openTransport(contact.origin, contact.pin, options.limits);
    const transport = govern(direct, governor, contact.site);
    const entry: Entry = { transport, version, login: null, root: null, users: 0, retired: false, idle: undefined };
    entries.set(contact.origin, entry);
    return entry;
  };

  /** Hands an entry out no more; it ends with its last user. */
  const retire = (origin: string, entry: Entry): Promise<void> => {
    entry.retired = true;
    clearTimeout(entry.idle);
    if (entries.get(origin) === entry) entries.delete(origin);
    return entry.users === 0 ? end(entry) : Promise.resolve();
  };

  return {
    async use(contact, work) {
      const entry = entryFor(contact);
      clearTimeout(entry.idle);
      entry.users += 1;
      let keep = false;
      try {
        const login = await loggedIn(entry, contact);
        const session = sessionOver(entry.transport, status(entry, contact, login), contact.signal);
        keep = !login.passing;
        return await work(session, entry.transport.pin());
      } catch (error) {
        if (error instanceof RedfishError && error.kind === 'pin-changed') keep = false;
        throw error;
      } finally {
        entry.users -= 1;
        if (!keep || entry.retired) await retire(contact.origin, entry);
        else if (entry.users === 0) {
          entry.idle = setTimeout(() => void retire(contact.origin, entry), options.idleMs ?? idleFor).unref();
        }
      }
    },
    async close() {
      closed = true;
      await Promise.all([...entries].map(([origin, entry]) => retire(origin, entry)));
    },
  };
}

/** A pin is either the one seen, or not known yet on one of the sides. */
function agrees(wanted: string | null, seen: string | null): boolean {
  return wanted === null || seen === null || wanted === seen;
}

function versionOf({ username, password }: Credentials): string {
  return createHash('sha256').update(`${username}\0${password}`).digest('hex');
}

/** The entry's login; those who come while it is being made wait for the same one. */
async function loggedIn(entry: Entry, contact: Contact): Promise<Login> {
  entry.login ??= logIn(entry, contact);
  return entry.login;
}

function logIn(entry: Entry, contact: Contact): Promise<Login> {
  const login = readRoot(entry.transport).then((service) => {
    entry.root = service;
    return contact.gate(() => signIn(entry.transport, service, contact.credentials));
  });
  login.catch(() => {
    if (entry.login === login) entry.login = null;
  });
  return login;
}

function status(entry: Entry, contact: Contact, first: Login) {
  let current = first;
  return {
    ...(entry.root && { root: entry.root }),
    login: () => current,
    async renew(lost: Login): Promise<void> {
      // Somebody else may have renewed it meanwhile.
      const before = entry.login;
      const now = await (before ?? null);
      if (entry.login === before && (now === null || now === lost)) entry.login = logIn(entry, contact);
      current = await loggedIn(entry, contact);
    },
  };
}

async function end(entry: Entry): Promise<void> {
  const login = await entry.login?.catch(() => null);
  entry.login = null;
  if (login) await signOut(entry.transport, login);
  await entry.transport.close();
}
