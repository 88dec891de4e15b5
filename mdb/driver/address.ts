/** Where PostgreSQL is, out of its URL. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { ConnectionOptions } from 'node:tls';

export interface Address {
  /** A TCP address, or the path of a Unix socket. */
  readonly at: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** False without TLS. */
  readonly tls: ConnectionOptions | false;
}

/**
 * Reads `postgres://user:password@host:port/database`; a Unix socket is given as `postgres:///farrier?host=/folder`. With
 * `sslmode` TLS is used and the certificate checked, against `sslrootcert` where that is given; `no-verify` checks nothing.
 * Throws for another parameter: postgres.js would send it to the server, which then refuses the connection.
 */
export function readAddress(url: string): Address {
  // A URL may not have a user without a host, as that of a socket does.
  const [, user = '', password = '', rest = ''] = /^[^:]+:\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?(.*)$/.exec(url) ?? [];
  const [, host = '', port = '', database = '', query = ''] =
    /^(\[[^\]]*\]|[^:/?]*)(?::(\d+))?(?:\/([^?]*))?(?:\?(.*))?$/.exec(rest) ?? [];
  const parameters = new Map(new URLSearchParams(query));
  const place = parameters.get('host') || decodeURIComponent(host).replace(/^\[|\]$/g, '') || 'localhost';
  const number = Number(parameters.get('port') || port || 5432);
  const name = decodeURIComponent(user) || userInfo().username;
  const tls = readTls(parameters, place);
  for (const key of ['host', 'port', 'sslmode', 'sslrootcert']) parameters.delete(key);
  const [unknown] = parameters.keys();
  if (unknown !== undefined) throw new Error(`the URL of the MDB has a parameter that is not known: ${unknown}`);
  return {
    at: place.startsWith('/') ? { path: `${place}/.s.PGSQL.${number}` } : { host: place, port: number },
    user: name,
    password: decodeURIComponent(password),
    database: decodeURIComponent(database) || name,
    tls,
  };
}

function readTls(parameters: ReadonlyMap<string, string>, host: string): ConnectionOptions | false {
  const mode = parameters.get('sslmode') ?? 'disable';
  if (mode === 'disable' || host.startsWith('/')) return false;
  const ca = parameters.get('sslrootcert');
  return {
    // An address is not a name that a server could be asked for.
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    ...(ca !== undefined && ca !== 'system' && { ca: readFileSync(ca) }),
    ...(mode === 'no-verify' && { rejectUnauthorized: false }),
  };
}
