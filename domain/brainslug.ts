/**
 * BrainSlug's payload, read into an order. Pure and without dependencies, so that workflows can refuse a bad payload by
 * themselves. The edges of its flows are in `flows.ts`; docs/orders.md has the tables.
 */
import { type OpState, opStates } from './machine.ts';
import {
  type DrainRequest,
  type Flow,
  flows,
  type PostRebootState,
  postRebootStates,
  type RebootRequest,
  type SemaphoreTags,
  standardRequests,
  type UndrainRequest,
} from './requests.ts';

/** What a payload asks for, as an order. */
export interface BrainSlugOrder {
  readonly passageRequest:
    | { readonly passage: 'drain'; readonly request: DrainRequest }
    | { readonly passage: 'undrain'; readonly request: UndrainRequest }
    | { readonly passage: 'reboot'; readonly request: RebootRequest };
  /** ISO 8601; null: at once. */
  readonly notBefore: string | null;
  readonly by: string | null;
}

/** A date this far in the past still means now: clocks differ, and a message travels. Milliseconds. */
const graceMs = 5 * 60_000;
const furthest = 366 * 24 * 60 * 60_000;

type Fields = Readonly<Record<string, unknown>>;

/** A refusal, thrown and caught within this file only. */
class Refusal extends Error {}

function refuse(sentence: string): never {
  throw new Refusal(sentence);
}

/**
 * Reads Roger's message: `{"state": …, "payload": {…}}`, the payload as an object or as the JSON text that Roger
 * carries. A sentence when anything is wrong with it: then nothing of it is done.
 */
export function readBrainSlug(message: unknown, now: number): BrainSlugOrder | string {
  try {
    const fields = within(message, 'the message', ['state', 'payload', 'flow', 'by', 'id']);
    const state = oneOf(opStates, fields['state'], 'state');
    const flow = fields['flow'] === undefined ? standardRequests.drain.flow : oneOf(flows, fields['flow'], 'flow');
    const payload = readPayload(fields['payload'], now);
    const { by } = fields;
    if (by !== undefined && (typeof by !== 'string' || by === '' || by.length > 64)) refuse('by is not a name');
    return {
      passageRequest: ask(state, flow, payload),
      notBefore: payload.drainFrom,
      by: (by as string | undefined) ?? null,
    };
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

interface Payload {
  readonly drainFrom: string | null;
  readonly powerBy: string | null;
  readonly policy: 'asap' | 'date';
  readonly postRebootState: PostRebootState | null;
  readonly hasPower: boolean;
  readonly hasDrain: boolean;
  readonly semaphores: SemaphoreTags;
}

function readPayload(given: unknown, now: number): Payload {
  const payload = within(given === undefined || given === '' ? {} : parsed(given), 'payload', ['drain', 'power']);
  const drain = within(payload['drain'] ?? {}, 'drain', [...dates, 'concurrency']);
  const power = within(payload['power'] ?? {}, 'power', [...dates, 'policy', 'postRebootState', 'concurrency']);
  const hasPower = payload['power'] !== undefined;
  const powerBy = readDate(power, 'power', now);
  const drainFrom = readDate(drain, 'drain', now);
  const asap = power['policy'] !== undefined && oneOf(['asap'] as const, power['policy'], 'power.policy') === 'asap';
  if (hasPower && !asap && powerBy === null) refuse('power has neither a target date nor the policy "asap"');
  if (powerBy !== null && drainFrom !== null && powerBy < drainFrom)
    refuse('power.targetDate is before drain.targetdate');
  const wanted = power['postRebootState'];
  const ofDrain = readGroup(drain['concurrency'], 'drain.concurrency');
  const ofPower = readGroup(power['concurrency'], 'power.concurrency');
  return {
    drainFrom: drainFrom === null || Date.parse(drainFrom) <= now ? null : drainFrom,
    powerBy,
    policy: asap ? 'asap' : 'date',
    postRebootState: wanted === undefined ? null : oneOf(postRebootStates, wanted, 'power.postRebootState'),
    hasPower,
    hasDrain: payload['drain'] !== undefined,
    semaphores: { ...(ofDrain !== null && { drain: ofDrain }), ...(ofPower !== null && { reboot: ofPower }) },
  };
}

function ask(state: OpState, flow: Flow, payload: Payload): BrainSlugOrder['passageRequest'] {
  const { powerBy, policy, semaphores, hasPower } = payload;
  const postRebootState = payload.postRebootState ?? 'production';
  switch (state) {
    case 'production':
    case 'disabled':
      if (hasPower || payload.hasDrain) refuse(`state ${state} stops a drain and takes no payload`);
      return { passage: 'undrain', request: { flow, to: state } };
    case 'draining':
      if (hasPower)
        return { passage: 'reboot', request: { flow, drain: true, powerBy, policy, postRebootState, semaphores } };
      return { passage: 'drain', request: { flow, drainBy: null, afterDrain: 'draining', semaphores } };
    case 'hard_reboot':
      return {
        passage: 'reboot',
        request: { flow, drain: false, powerBy, policy: hasPower ? policy : 'asap', postRebootState, semaphores },
      };
    case 'intervention':
      if (hasPower) refuse('state intervention drains for a person, and power is theirs');
      if (flow === 'basic') refuse('the basic flow has no edge to intervention');
      return { passage: 'drain', request: { flow, drainBy: null, afterDrain: 'intervention', semaphores } };
  }
}

function parsed(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload;
  if (payload.length > 16_384) return refuse('payload is longer than 16,384 characters');
  try {
    return JSON.parse(payload) as unknown;
  } catch {
    return refuse('payload is text that is not JSON');
  }
}

function within(value: unknown, name: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(`${name} is not an object`);
  for (const key of Object.keys(value))
    if (!known.includes(key))
      refuse(`${name} has ${JSON.stringify(key.slice(0, 40))}, which is none of ${known.join(', ')}`);
  return value as Fields;
}

function oneOf<T extends string>(values: readonly T[], value: unknown, name: string): T {
  if ((values as readonly unknown[]).includes(value)) return value as T;
  return refuse(`${name} is ${describe(value)}, and not one of ${values.join(', ')}`);
}

function describe(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60);
}

/** Both spellings occur in the wild. */
const dates = ['targetdate', 'targetDate'] as const;

/** Seconds or milliseconds since 1970, as a number or its digits, or ISO 8601 with a zone; as ISO 8601 in UTC. */
function readDate(fields: Fields, name: string, now: number): string | null {
  const given = dates.filter((key) => fields[key] !== undefined);
  const [key] = given;
  if (key === undefined) return null;
  if (given.length > 1) refuse(`${name} has both targetdate and targetDate`);
  const time = readTime(fields[key]);
  if (time === null) return refuse(`${name}.${key} is ${describe(fields[key])}, and not a date`);
  if (time < now - graceMs) refuse(`${name}.${key} is in the past: ${new Date(time).toISOString()}`);
  if (time > now + furthest) refuse(`${name}.${key} is more than a year away: ${describe(fields[key])}`);
  return new Date(time).toISOString();
}

function readTime(value: unknown): number | null {
  const digits = typeof value === 'string' && /^\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : value;
  if (typeof digits === 'number') {
    if (!Number.isFinite(digits) || digits <= 0) return null;
    // Seconds until the year 5138; what is larger can only be milliseconds.
    const time = Math.round(digits < 1e11 ? digits * 1000 : digits);
    return time < 1e15 ? time : null;
  }
  if (typeof value !== 'string') return null;
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/.test(value)) return null;
  const time = Date.parse(value);
  return Number.isFinite(time) ? time : null;
}

/** The tag of a group semaphore; null where no concurrency is asked for. */
function readGroup(value: unknown, name: string): string | null {
  if (value === undefined) return null;
  const fields = within(value, name, ['strategy', 'options']);
  oneOf(['groupsemaphore'] as const, fields['strategy'], `${name}.strategy`);
  const { options } = fields;
  const tag = typeof options === 'string' ? /^tag:([A-Za-z][A-Za-z0-9_.-]{0,62})$/.exec(options)?.[1] : undefined;
  return tag ?? refuse(`${name}.options is ${describe(options)}, and not a tag like "tag:rack"`);
}
