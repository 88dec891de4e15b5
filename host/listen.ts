import { isIP } from 'node:net';
import { z } from 'zod';

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** A `host:port` of the environment, with its default; empty text means that this part is left out (null). */
export function parseListen(name: string, standard: string) {
  return z
    .string()
    .default(standard)
    .transform((text, context): Listen | null => {
      if (text === '') return null;
      const match = /^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text);
      const port = Number(match?.[2]);
      if (!match || port > 65_535) {
        context.addIssue(`${name} is not host:port: ${JSON.stringify(text)}`);
        return null;
      }
      return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
    });
}

/** Whether a host, by its name or address, is this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
