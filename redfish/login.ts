import { RedfishError } from './errors.ts';
import { link, ownPath, part, serviceRoot } from './links.ts';
import { failureOf, messagesOf } from './messages.ts';
import type { Json, RedfishResponse, Transport } from './transport.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What is sent along to be known, and how it ends. */
export interface Login {
  readonly headers: Readonly<Record<string, string>>;
  /** The session's own resource; null where Basic is spoken, or where the service doesn't name it. */
  readonly path: string | null;
  /** Not to be kept: the controller had no session to give, and may have one next time (quirk 1). */
  readonly passing: boolean;
}

/** A controller that can't delete a session at once is not waited for: the session times out by itself. */
const farewell = 10_000;

/**
 * Signs in with one attempt, because controllers lock accounts after as few as three (quirk 6): by a session where
 * there are sessions, else by Basic. `service` is the service root. Where the account has to be given a new password
 * before anything else (quirk 18), `bear` signs in for that, and nothing else will be answered.
 */
export async function signIn(
  transport: Transport,
  service: Json,
  credentials: Credentials,
  change: 'refuse' | 'bear' = 'refuse',
): Promise<Login> {
  const path = sessionsPath(service);
  if (path === null) return basic(transport, service, credentials, { passing: false, change });
  const where = `POST ${transport.origin}${path}`;
  const opened = await transport.send({
    method: 'POST',
    path,
    body: { UserName: credentials.username, Password: credentials.password },
  });
  if (opened.status < 300) return session(transport, opened, path, where, change);
  const error = failureOf(opened, where);
  // Old services have no sessions to open (quirk 2).
  const none = error.kind === 'missing' || error.kind === 'unsupported';
  if (none || error.kind === 'session-limit') return basic(transport, service, credentials, { passing: !none, change });
  throw asRefusal(error);
}

/** While signing in, a refusal is about the credentials, unless the controller says otherwise. */
function asRefusal(error: RedfishError): RedfishError {
  const refused = error.kind === 'session-lost' || error.kind === 'forbidden' || error.status === 400;
  return refused ? new RedfishError('credentials', error.message, { status: error.status }) : error;
}

async function session(
  transport: Transport,
  opened: RedfishResponse,
  sessions: string,
  where: string,
  bearing: 'refuse' | 'bear',
): Promise<Login> {
  const token = opened.headers['x-auth-token'];
  if (typeof token !== 'string') throw new RedfishError('unsupported', `${where}: the session came without a token`);
  const login = { headers: { 'x-auth-token': token }, path: sessionPath(opened, sessions), passing: false };
  const change = messagesOf(opened.body).find(({ key }) => key === 'PasswordChangeRequired');
  if (!change || bearing === 'bear') return login;
  await signOut(transport, login);
  throw failureOf({ ...opened, status: 403 }, where);
}

function sessionPath(opened: RedfishResponse, sessions: string): string | null {
  const { location } = opened.headers;
  const named = link(opened.body) ?? (typeof location === 'string' ? pathOf(location) : null);
  const id = opened.body?.Id;
  return named ?? (typeof id === 'string' ? `${sessions.replace(/\/$/, '')}/${encodeURIComponent(id)}` : null);
}

/** Some services name themselves by an address of their own; only the path is of use. */
function pathOf(location: string): string | null {
  const url = URL.parse(location, 'http://controller');
  return url && `${url.pathname}${url.search}`;
}

async function basic(
  transport: Transport,
  service: Json,
  { username, password }: Credentials,
  { passing, change }: { readonly passing: boolean; readonly change: 'refuse' | 'bear' },
): Promise<Login> {
  // Sent unasked: some services offer no challenge (quirk 2b).
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  const path = ownPath(link(service.Systems) ?? `${serviceRoot}Systems`);
  const answer = await transport.send({ method: 'GET', path, headers });
  const login = { headers, path: null, passing };
  if (answer.status < 300) return login;
  const error = asRefusal(failureOf(answer, `GET ${transport.origin}${path}`));
  if (error.kind === 'password-change' && change === 'bear') return login;
  throw error;
}

/** Deletes the session. A failure is nobody's: the work's own outcome matters more. */
export async function signOut(transport: Transport, login: Login): Promise<void> {
  if (login.path === null) return;
  const signal = AbortSignal.timeout(farewell);
  try {
    await transport.send({ method: 'DELETE', path: ownPath(login.path), headers: login.headers, signal });
  } catch {
    // The controller ends it after its idle time.
  }
}

/**
 * Where sessions are opened: as the root links it, since old services have them elsewhere (quirk 2). Null where the
 * root knows nothing of sessions: asking for one there would be an attempt more with the same credentials.
 */
function sessionsPath(service: Json): string | null {
  const linked = link(part(service, 'Links').Sessions);
  const known = linked !== null || link(service.SessionService) !== null;
  return known ? ownPath(linked ?? `${serviceRoot}SessionService/Sessions`) : null;
}

/** What an attempt tells of the credentials; null when the controller never judged them. */
export function verdictOn(error: unknown): 'accepted' | 'refused' | 'unknown' | null {
  if (!(error instanceof RedfishError)) return 'unknown';
  if (error.kind === 'credentials') return 'refused';
  if (error.kind === 'password-change') return 'accepted';
  if (error.carriedOut === 'no') return null;
  // A controller that says it is busy has not looked; any other 5xx may have counted the attempt.
  return error.kind === 'session-limit' || (error.kind === 'busy' && [429, 503].includes(error.status ?? 0))
    ? null
    : 'unknown';
}
