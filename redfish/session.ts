import { setTimeout as sleep } from 'node:timers/promises';
import { RedfishError } from './errors.ts';
import { writeTagged } from './etag.ts';
import { ownPath, serviceRoot, uploadPath } from './links.ts';
import { type Credentials, type Login, signIn, signOut } from './login.ts';
import { failureOf } from './messages.ts';
import { waitBefore } from './retries.ts';
import type { Json, RedfishRequest, RedfishResponse, Transport, Upload } from './transport.ts';

/** A signed-in conversation with one controller. */
export interface Session {
  /** The service root, as it was when signing in. */
  root(): Promise<Json>;
  /** The login in use; another object after each signing in. What is remembered by it ends with it. */
  login(): object;
  /** Reads a resource; a busy controller is asked again a few times, as it asks for. */
  get(path: string): Promise<Json>;
  /**
   * Sends one write; any answer of 300 and more throws. POST and DELETE are never repeated and carry
   * no ETag (quirk 24). A PATCH carries the resource's ETag, and is repeated only where the controller refused the tag.
   */
  write(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<RedfishResponse>;
  /** Sends one upload, never repeated, to a place that the update service names; any answer of 300 and more throws. */
  upload(path: string, upload: Upload): Promise<RedfishResponse>;
}

/** How a session is known to the controller, and how it is made known again. */
export interface SessionIdentity {
  readonly login: () => Login;
  /** The service root that was read for signing in; it is read when asked for where there is none. */
  readonly root?: Json;
  /** Signs in anew, once for all who lost the same login. */
  renew(lost: Login): Promise<void>;
}

/** The service root, which is readable without signing in. */
export async function readRoot(transport: Transport, signal?: AbortSignal): Promise<Json> {
  return withRetries(transport, { method: 'GET', path: serviceRoot, signal });
}

/** A session over a login that others may use too. Reads outlive a login that the controller forgot, once. */
export function sessionOver(transport: Transport, status: SessionIdentity, signal?: AbortSignal): Session {
  let hopeless = false;
  const read = (path: string, { headers }: Login) =>
    withRetries(transport, { method: 'GET', path: ownPath(path), headers, signal });
  const get = async (path: string): Promise<Json> => {
    const login = status.login();
    try {
      return await read(path, login);
    } catch (error) {
      if (!lost(error) || hopeless) throw error;
    }
    // Quirk 5: the controller restarted its web server. Credentials that it took before are offered once more.
    await status.renew(login);
    return read(path, status.login()).catch((error: unknown) => {
      hopeless = lost(error);
      throw error;
    });
  };
  return {
    root: async () => status.root ?? get(serviceRoot),
    login: status.login,
    get,
    write: async (method, path, body) => {
      const call = { method, path: ownPath(path), body, signal };
      const { headers } = status.login();
      const send = (tag: string | null) =>
        transport.send({ ...call, headers: { ...headers, ...(tag !== null && { 'if-match': tag }) } });
      const reading = () => transport.send({ method: 'GET', path: call.path, headers, signal }).catch(asUnwritten);
      const answer =
        method !== 'PATCH' ? await send(null) : await writeTagged({ read: reading, write: send }, (body ?? {}) as Json);
      if (answer.status >= 300) throw failureOf(answer, `${method} ${transport.origin}${path}`);
      return answer;
    },
    upload: async (path, upload) => {
      const { headers } = status.login();
      const answer = await transport.send({ method: 'POST', path: uploadPath(path), upload, headers, signal });
      if (answer.status >= 300) throw failureOf(answer, `POST ${transport.origin}${path}`);
      return answer;
    },
  };
}

/** Signs in, works, signs out, whatever happens. For a hand's work; workers share sessions (`pool.ts`). */
export async function withSession<T>(
  transport: Transport,
  credentials: Credentials,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const root = await readRoot(transport);
  let login = await signIn(transport, root, credentials);
  let refused: unknown = null;
  // Credentials that it took before are offered again after its restart, until it refuses them (quirks 5 and 6).
  const renew = async () => {
    if (refused !== null) throw refused;
    try {
      login = await signIn(transport, await readRoot(transport), credentials);
    } catch (error) {
      if (error instanceof RedfishError && error.kind === 'credentials') refused = error;
      throw error;
    }
  };
  try {
    return await work(sessionOver(transport, { root, login: () => login, renew }));
  } finally {
    await signOut(transport, login);
  }
}

function lost(error: unknown): boolean {
  return error instanceof RedfishError && error.kind === 'session-lost';
}

/** The reading around a write failed: nothing was written. */
function asUnwritten(error: unknown): never {
  if (error instanceof RedfishError) {
    const { kind, message, status } = error;
    throw new RedfishError(kind, message, { status, carriedOut: 'no' });
  }
  throw error;
}

async function withRetries(transport: Transport, call: RedfishRequest): Promise<Json> {
  const where = `GET ${transport.origin}${call.path}`;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await transport.send(call);
    if (answer.status < 300 && answer.body !== null) return answer.body;
    if (answer.status < 300)
      throw new RedfishError('not-json', `${where}: the answer is empty`, { status: answer.status });
    const error = failureOf(answer, where);
    const wait = waitBefore(attempt, error, Math.random());
    if (wait === null) throw error;
    await sleep(wait, undefined, { signal: call.signal });
  }
}
