/** Places outside that the audit is sent to, and how each is written in the configuration. */
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { z } from 'zod';

export type AuditPlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'otlp'; readonly reference: string }
  | { readonly kind: 'syslog'; readonly over: 'tcp' | 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'syslog'; readonly over: 'tls'; readonly host: string; readonly port: number; readonly tls: Keys };

/** PEM files: authorities instead of the system's, and a certificate of our own. */
interface Keys {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const standardPorts = { tcp: 601, udp: 514, tls: 6514 } as const;

const forms =
  'file:/path, syslog+tcp://host:port, syslog+tls://host:port?ca=FILE&cert=FILE&key=FILE, syslog+udp://host:port or otlp:SECRET';

/** Several with blanks between; throws a sentence about the first that is none. */
export function parsePlaces(text: string): Map<string, AuditPlace> {
  return new Map(
    text
      .split(/\s+/)
      .filter(Boolean)
      .map((each) => [each, parsePlace(each)]),
  );
}

/** For the settings of a process. */
export const placesSetting = (name: string) =>
  z
    .string()
    .default('')
    .transform((text, context) => {
      try {
        return parsePlaces(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: `${name}: ${(error as Error).message}` });
        return z.NEVER;
      }
    });

function parsePlace(text: string): AuditPlace {
  const [, path] = /^file:(?:\/\/)?(\/.*)$/.exec(text) ?? [];
  if (path !== undefined) return { kind: 'file', path };
  const [, reference] = /^otlp:([A-Za-z0-9][A-Za-z0-9._-]{0,62})$/.exec(text) ?? [];
  if (reference !== undefined) return { kind: 'otlp', reference };
  const [, over] = /^syslog\+(tcp|udp|tls):\/\//.exec(text) ?? [];
  // The word before :// decides how the rest is read; of http it is known.
  const url = over === undefined ? null : URL.parse(text.replace(/^[^:]+/, 'http'));
  const bare = url !== null && url.username === '' && url.password === '' && url.pathname === '/' && url.hash === '';
  if (over === undefined || !bare) throw new Error(`${JSON.stringify(text)} is none of ${forms}`);
  const protocol = over as keyof typeof standardPorts;
  // Port 80 is left out by the URL, being the usual one of http.
  const port = Number(url.port || (/:80(?=$|[/?])/.test(text) ? 80 : standardPorts[protocol]));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const given = Object.fromEntries(url.searchParams);
  if (protocol !== 'tls' && url.search !== '') throw new Error(`${text}: what comes after ? is for syslog+tls`);
  return protocol === 'tls'
    ? { kind: 'syslog', over: protocol, host, port, tls: readKeys(text, given) }
    : { kind: 'syslog', over: protocol, host, port };
}

function readKeys(text: string, given: Readonly<Record<string, string>>): Keys {
  const entries = Object.entries(given).map(([name, file]) => {
    if (!/^(ca|cert|key)$/.test(name)) throw new Error(`${text}: there is no ${name}, but ca, cert and key`);
    if (!isAbsolute(file)) throw new Error(`${text}: ${name} is not an absolute path`);
    try {
      return [name, readFileSync(file, 'utf8')] as const;
    } catch {
      throw new Error(`${text}: ${file} cannot be read`);
    }
  });
  const keys: Keys = Object.fromEntries(entries);
  if ((keys.cert === undefined) !== (keys.key === undefined)) throw new Error(`${text}: cert and key belong together`);
  return keys;
}
