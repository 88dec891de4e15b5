/** The cookie by which a browser is signed in. No page can read it, and no page of another site can send it. */
import type { FastifyRequest } from 'fastify';

type Asking = Pick<FastifyRequest, 'headers' | 'protocol' | 'socket'>;

/**
 * Cookies are of a host, whatever its ports: two Farriers on one machine must not sign each other's people out. Over TLS
 * its name lets no browser take it from a plain connection or another host of the domain.
 */
function nameOf({ protocol, socket }: Asking): string {
  return `${protocol === 'https' ? '__Host-' : ''}farrier-${socket.localPort ?? 0}`;
}

/** The secret that came in it; null where none did, or something that is none. */
export function readCookie(request: Asking): string | null {
  const name = nameOf(request);
  const found = (request.headers.cookie ?? '').split(/; */).find((pair) => pair.startsWith(`${name}=`));
  const secret = found?.slice(name.length + 1) ?? '';
  return /^[A-Za-z0-9_-]{1,100}$/.test(secret) ? secret : null;
}

/** Header that sets it, or takes it away where there is no secret. */
export function writeCookie(request: Asking, secret: string | null, lifeMs: number): string {
  const rest = ['Path=/', 'HttpOnly', 'SameSite=Strict', ...(request.protocol === 'https' ? ['Secure'] : [])];
  return [`${nameOf(request)}=${secret ?? ''}`, `Max-Age=${secret === null ? 0 : lifeMs / 1000}`, ...rest].join('; ');
}

/** Origin as which the API is asked. */
export function askedOrigin({ protocol, headers }: Pick<FastifyRequest, 'protocol' | 'headers'>): string {
  return `${protocol}://${headers.host}`;
}

/** Whether a page of this origin asks, as browsers say it. */
export function isOwnPage(request: Asking): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  return origin === undefined ? site === 'same-origin' : origin === askedOrigin(request);
}
