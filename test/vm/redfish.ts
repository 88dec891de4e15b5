import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Agent, request } from 'undici';
import type { MachineFacts } from '../../sim/vm/rig.ts';

export interface VmResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test picks fields of documents whose shape it is testing.
  readonly body: any;
}

export type SendRequest = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT',
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<VmResponse>;

/** What it takes to speak to one machine's BMC. */
export interface VmContact {
  readonly serialLog: string;
  readonly bmc: Pick<MachineFacts['bmc'], 'origin' | 'secretRef'>;
}

/** A client of one machine's BMC that trusts only that BMC's certificate; logs in by Basic by default. */
export async function clientOf(facts: VmContact, secrets: string): Promise<SendRequest> {
  const ca = await readFile(join(dirname(facts.serialLog), 'bmc.crt'), 'utf8');
  const { username, password } = JSON.parse(await readFile(join(secrets, facts.bmc.secretRef), 'utf8'));
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const dispatcher = new Agent({ connect: { ca }, headersTimeout: 60_000 });
  return async (method, path, body, headers = { authorization: basic }) => {
    const answer = await request(new URL(path, facts.bmc.origin), {
      method,
      dispatcher,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
  };
}
