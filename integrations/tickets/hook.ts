/** Messages of ticket systems: who they are from, and which ticket they are about. Pure. */
import { createHash, createHmac } from 'node:crypto';
import type { TicketAdapter } from '../../domain/machine.ts';
import { checkSignature, equal, signatureHeader } from '../webhook.ts';

export interface Hook {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as it came. */
  readonly raw: Uint8Array;
}

export type HookRead =
  | { readonly refused: string }
  /** `outsideId` null: it is genuine, and about no ticket. */
  | { readonly delivery: string; readonly outsideId: string | null };

/** Checked over the bytes as they came, before anything of them is read. */
const checks: Record<TicketAdapter, (hook: Hook, key: string, at: Date) => string | null> = {
  github: (hook, key) => checkDigest(hook, key, 'x-hub-signature-256'),
  jira: (hook, key) => checkDigest(hook, key, 'x-hub-signature'),
  // GitLab signs nothing; it shows the secret.
  gitlab: ({ headers }, key) =>
    equal(String(headers['x-gitlab-token'] ?? ''), key) ? null : 'the token is missing or wrong',
  servicenow: ({ headers, raw }, key, at) => checkSignature(headers[signatureHeader], key, raw, at),
  webhook: ({ headers, raw }, key, at) => checkSignature(headers[signatureHeader], key, raw, at),
};

function checkDigest({ headers, raw }: Hook, key: string, header: string): string | null {
  const given = headers[header];
  if (typeof given !== 'string' || !/^sha256=[0-9a-f]{64}$/.test(given)) return 'the signature is missing or malformed';
  const wanted = `sha256=${createHmac('sha256', key).update(raw).digest('hex')}`;
  return equal(given, wanted) ? null : 'the signature does not match';
}

const deliveries: Record<TicketAdapter, string> = {
  github: 'x-github-delivery',
  jira: 'x-atlassian-webhook-identifier',
  gitlab: 'x-gitlab-event-uuid',
  servicenow: signatureHeader,
  webhook: signatureHeader,
};

export function readHook(adapter: TicketAdapter, key: string, hook: Hook, at: Date): HookRead {
  const refused = checks[adapter](hook, key, at);
  if (refused !== null) return { refused };
  const given = hook.headers[deliveries[adapter]];
  // One that has no id is known by what it says.
  const id = typeof given === 'string' && given !== '' ? given : createHash('sha256').update(hook.raw).digest('hex');
  return { delivery: `${adapter}:${id.slice(0, 200)}`, outsideId: ticketIn(adapter, parse(hook.raw)) };
}

function parse(raw: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(raw).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function ticketIn(adapter: TicketAdapter, body: Record<string, unknown>): string | null {
  const of = (name: string) => (body[name] ?? {}) as Record<string, unknown>;
  const id = {
    github: () => of('issue')['number'],
    jira: () => of('issue')['key'],
    gitlab: () => of('issue')['iid'] ?? of('object_attributes')['iid'],
    servicenow: () => body['ticket'],
    webhook: () => body['ticket'],
  }[adapter]();
  return typeof id === 'number' || (typeof id === 'string' && id.length <= 200) ? String(id) : null;
}
