import { RedfishError } from './errors.ts';
import { link, part, text } from './links.ts';
import { openReader, throwPassing } from './read/reader.ts';
import { pathKey } from './read/values.ts';
import type { Session } from './session.ts';
import type { Json, RedfishResponse } from './transport.ts';

/** What is wanted: events to this address, under a name by which the subscription is found again. */
export interface EventsSpec {
  /** Makes the whole `https` URL of the receiver; asked for only when a subscription has to be made. */
  readonly destination: () => Promise<string>;
  readonly context: string;
  /** Whether an address that a found subscription has is one of ours, in force. */
  readonly valid: (destination: string) => boolean;
  /** Whether it is one of ours at all, which may be deleted. */
  readonly ours: (destination: string) => boolean;
}

export type EventsOutcome =
  /** In force; `made` when it was not before. */
  | { readonly state: 'subscribed'; readonly path: string; readonly made: boolean }
  /** No event service, all its places taken by others, or every form of the request refused: nothing was changed. */
  | { readonly state: 'unsupported' | 'full' | 'refused'; readonly reason: string };

/** More places than any known controller has. */
const maxSubscriptions = 128;

interface Found {
  readonly path: string;
  readonly context: string | null;
  readonly destination: string;
  /** False once the controller gave up delivering (dell/iDRAC-Redfish-Scripting#370). */
  readonly alive: boolean;
}

/**
 * Makes sure of one subscription of ours, whatever was there: one in force is left alone; ours that are dead, have an
 * address that is no longer valid or are there twice are deleted first, so that places are never filled up. Those of
 * others are never touched. A lost answer is settled by looking, never by asking twice.
 */
export async function ensureEvents(session: Session, spec: EventsSpec): Promise<EventsOutcome> {
  const service = await eventService(session);
  if (service === null) return { state: 'unsupported', reason: 'the controller has no event service' };
  const collection = link(service.Subscriptions);
  if (collection === null) return { state: 'unsupported', reason: 'its event service takes no subscriptions' };
  const off = await switchOn(session, service);
  if (off !== null) return { state: 'refused', reason: off };
  const kept = await tidy(session, collection, spec);
  if (kept !== null) return { state: 'subscribed', path: kept, made: false };
  return create(session, service, collection, spec);
}

/** Deletes all subscriptions that are ours; gives how many they were. */
export async function endEvents(session: Session, spec: Pick<EventsSpec, 'context' | 'ours'>): Promise<number> {
  const collection = link((await eventService(session))?.Subscriptions);
  const found = collection === null ? [] : await readFound(session, collection);
  const mine = found.filter((one) => isOurs(one, spec));
  for (const { path } of mine) await remove(session, path);
  return mine.length;
}

async function eventService(session: Session): Promise<Json | null> {
  const reader = await openReader(session);
  const service = await reader.resource(reader.root.EventService);
  throwPassing(reader.gaps);
  return service;
}

/** A service that is off takes subscriptions and tells nothing. Why it stays off; null when it is on. */
async function switchOn(session: Session, service: Json): Promise<string | null> {
  const path = link(service);
  if (service.ServiceEnabled !== false || path === null) return null;
  try {
    await session.write('PATCH', path, { ServiceEnabled: true });
    const observed = await session.get(path);
    return observed.ServiceEnabled === false ? 'its event service is off, and stays off' : null;
  } catch (error) {
    if (!(error instanceof RedfishError) || error.carriedOut !== 'no') throw error;
    return `its event service is off: ${error.message}`;
  }
}

async function readFound(session: Session, collection: string): Promise<Found[]> {
  const reader = await openReader(session);
  const observed = await reader.members({ '@odata.id': collection });
  throwPassing(reader.gaps);
  // Without the whole list nobody could tell whether one of them is ours.
  const whole = reader.gaps.find(({ path }) => path === collection);
  if (whole) throw new RedfishError(whole.kind, whole.reason, { carriedOut: 'no' });
  return observed.slice(0, maxSubscriptions).flatMap((one) => {
    const path = link(one);
    return path === null ? [] : [foundOf(path, one)];
  });
}

function foundOf(path: string, observed: Json): Found {
  return {
    path,
    context: text(observed.Context),
    destination: text(observed.Destination) ?? '',
    alive: text(part(observed, 'Status').State) !== 'Disabled',
  };
}

function isOurs({ context, destination }: Found, spec: Pick<EventsSpec, 'context' | 'ours'>): boolean {
  return context === spec.context || spec.ours(destination);
}

/** The one subscription of ours that is in force; all others of ours are deleted. */
async function tidy(session: Session, collection: string, spec: EventsSpec): Promise<string | null> {
  const mine = (await readFound(session, collection)).filter((one) => isOurs(one, spec));
  const kept = mine.find(({ alive, destination }) => alive && spec.valid(destination));
  for (const one of mine) if (one !== kept) await remove(session, one.path);
  return kept?.path ?? null;
}

async function remove(session: Session, path: string): Promise<void> {
  await session.write('DELETE', path).catch((error: unknown) => {
    if (!(error instanceof RedfishError) || error.kind !== 'missing') throw error;
  });
}

/**
 * Forms of the request, likeliest first. Since Redfish 1.6 event types are deprecated and refused as unknown by some
 * (stmcginnis/gofish#241, DMTF/Redfish-Event-Listener#10), while older services ask for them.
 */
export function formsOf(service: Json, destination: string, context: string): Json[] {
  const min = { Destination: destination, Context: context, Protocol: 'Redfish' };
  const offered = Array.isArray(service.EventTypesForSubscription) ? service.EventTypesForSubscription : null;
  const modern = { ...min, SubscriptionType: 'RedfishEvent', EventFormatType: 'Event' };
  const lasting = { ...modern, DeliveryRetryPolicy: 'RetryForever' };
  const old = { ...min, EventTypes: offered?.filter((type) => type !== 'MetricReport') ?? ['Alert'] };
  const formats = Array.isArray(service.EventFormatTypes);
  return offered !== null && !formats ? [old, lasting, modern, min] : [lasting, modern, old, min];
}

async function create(session: Session, service: Json, collection: string, spec: EventsSpec): Promise<EventsOutcome> {
  const destination = await spec.destination();
  let refusal = 'no form of the request was taken, or none was made of it that is ours and in force';
  for (const form of formsOf(service, destination, spec.context)) {
    try {
      const answer = await session.write('POST', collection, form);
      return settled(await find(session, collection, destination, spec.context, pathOf(answer)), refusal);
    } catch (error) {
      if (!(error instanceof RedfishError)) throw error;
      if (error.kind === 'subscription-limit') return { state: 'full', reason: error.message };
      // What may have been done all the same is looked for, not asked for again.
      if (error.carriedOut !== 'no')
        return settled(await find(session, collection, destination, spec.context, null), error.message);
      if (error.kind !== 'rejected') throw error;
      refusal = error.message;
    }
  }
  return { state: 'refused', reason: refusal };
}

/**
 * The subscription that was asked for, as it is shown: in force, with our address or our name. Some show neither: then
 * the controller's word for where it is has to do, unless what is shown there is somebody else's, or not in force.
 */
async function find(
  session: Session,
  collection: string,
  destination: string,
  context: string,
  reported: string | null,
): Promise<string | null> {
  const observed = await readFound(session, collection);
  const own = observed.find((one) => one.alive && (one.destination === destination || one.context === context));
  if (own !== undefined || reported === null) return own?.path ?? null;
  const there = observed.find(({ path }) => pathKey(path) === pathKey(reported));
  return there === undefined || (there.alive && there.context === null) ? reported : null;
}

function settled(path: string | null, reason: string): EventsOutcome {
  return path === null ? { state: 'refused', reason } : { state: 'subscribed', path, made: true };
}

function pathOf({ headers, body }: RedfishResponse): string | null {
  const { location } = headers;
  const url = typeof location === 'string' ? URL.parse(location, 'http://controller') : null;
  return link(body) ?? url?.pathname ?? null;
}
