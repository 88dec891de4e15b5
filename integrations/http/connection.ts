import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { OutsideError } from './errors.ts';

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Where a system is and what it takes to be let in. Address and credentials are one file on purpose: whoever may only
 * name a reference, in a pool's policy or a ticket route, cannot have the secret sent to an address of their own.
 */
const shape = z
  .strictObject({
    origin: z.string().refine((text) => {
      const url = URL.parse(text);
      return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
    }, 'origin is not like https://host:port'),
    username: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    token: z.string().min(1).optional(),
    /** Key of the signatures on messages from us and to us. */
    key: z.string().min(16, 'key is shorter than 16 characters').optional(),
    /** Certificates of the authorities that its own is checked against, PEM; those of the system when absent. */
    ca: z.string().startsWith('-----BEGIN CERTIFICATE-----').optional(),
    /** Lets a secret go over plain HTTP to another machine. */
    plainHttp: z.boolean().default(false),
  })
  .refine(({ origin, plainHttp }) => {
    const url = URL.parse(origin);
    return url?.protocol === 'https:' || plainHttp || loopback.test(url?.hostname ?? '');
  }, 'origin is plain HTTP to another machine; say "plainHttp": true if that is meant');

export type Connection = z.infer<typeof shape>;

export interface ConnectionStore {
  connection(reference: string): Promise<Connection>;
}

const referenceForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Connections as JSON files of one folder, each named by its reference. Errors never show content. */
export function connectionFolder(folder: string): ConnectionStore {
  return {
    async connection(reference) {
      if (!referenceForm.test(reference)) throw new OutsideError('settings', 'the reference of a secret is malformed');
      const content = await readFile(join(folder, reference), 'utf8').catch(() => null);
      if (content === null) throw new OutsideError('settings', `there is no secret ${reference}`);
      const checked = shape.safeParse(parse(content));
      if (checked.success) return checked.data;
      const [issue] = checked.error.issues;
      const where = issue?.path.join('.') || 'it';
      // Zod's own sentences may quote what was there; only those written above are shown.
      const why = issue?.code === 'custom' || issue?.code === 'too_small' ? issue.message : 'is not what it should be';
      throw new OutsideError('settings', `secret ${reference} is no connection: ${where}: ${why}`);
    },
  };
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

/** What a reference must hold for this use; a sentence that names the field when it does not. */
export function mustHave<K extends 'username' | 'password' | 'token' | 'key'>(
  connection: Connection,
  ...fields: K[]
): Connection & Record<K, string> {
  for (const field of fields) {
    if (connection[field] === undefined) throw new OutsideError('settings', `the secret holds no ${field}`);
  }
  return connection as Connection & Record<K, string>;
}
