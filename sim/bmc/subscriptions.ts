import type { Subscription } from '../state.ts';
import type { Controller } from './controller.ts';
import type { Make } from './document.ts';
import { type EventRules, eventRulesOf } from './eventrules.ts';
import { collection, type Document, linkTo, simServiceRoot } from './links.ts';
import {
  empty,
  missing,
  notFound,
  notWritable,
  type Reply,
  unknownParameter,
  unknownProperty,
  wrongMethod,
  wrongValue,
} from './reply.ts';

type Body = Readonly<Record<string, unknown>>;

const service = '/EventService';
const all = `${service}/Subscriptions`;

export function eventDocument(path: string): Make | undefined {
  if (path === service) return withRules((controller, rules) => serviceOf(controller, rules));
  if (path === all)
    return withRules((controller, rules) =>
      collection(
        'EventDestination',
        'Subscriptions',
        placesOf(controller, rules).map((id) => `${all}/${id}`),
      ),
    );
  const id = path.startsWith(`${all}/`) ? path.slice(all.length + 1) : '';
  if (!/^\w{1,16}$/.test(id)) return undefined;
  return withRules((controller, rules) => {
    const known = subscriptionsOf(controller)[id];
    if (known) return subscriptionDocument(id, known);
    return placesOf(controller, rules).includes(id) ? freePlace(id) : undefined;
  });
}

function withRules(make: (controller: Controller, rules: EventRules) => Document | undefined): Make {
  return ({ controller, personality }) => {
    const rules = eventRulesOf(personality);
    return rules === null ? undefined : make(controller, rules);
  };
}

export function subscriptionsOf({ machine }: Controller): Readonly<Record<string, Subscription>> {
  return machine.state.controller?.subscriptions ?? {};
}

export function isEventful(controller: Controller, rules: EventRules): boolean {
  return controller.machine.state.controller?.eventful ?? rules.enabled;
}

function placesOf(controller: Controller, { slots, cap }: EventRules): string[] {
  return slots ? Array.from({ length: cap }, (_, n) => String(n + 1)) : Object.keys(subscriptionsOf(controller));
}

function serviceOf(controller: Controller, rules: EventRules): Document {
  const on = isEventful(controller, rules);
  return {
    '@odata.type': '#EventService.v1_10_3.EventService',
    Id: 'EventService',
    Name: 'Events',
    ServiceEnabled: on,
    Status: { State: on ? 'Enabled' : 'Disabled', Health: 'OK' },
    DeliveryRetryAttempts: rules.retries.attempts,
    DeliveryRetryIntervalSeconds: rules.retries.seconds,
    ...rules.shown,
    Subscriptions: linkTo(all),
    Actions: {
      '#EventService.SubmitTestEvent': { target: `${simServiceRoot}${service}/Actions/EventService.SubmitTestEvent` },
    },
  };
}

function subscriptionDocument(id: string, { destination, context, request, suspended }: Subscription): Document {
  const { EventTypes, EventFormatType, DeliveryRetryPolicy } = request;
  return {
    '@odata.type': '#EventDestination.v1_15_0.EventDestination',
    Id: id,
    Name: `Subscription ${id}`,
    Destination: destination,
    Context: context,
    Protocol: 'Redfish',
    SubscriptionType: 'RedfishEvent',
    ...(EventTypes !== undefined && { EventTypes }),
    ...(EventFormatType !== undefined && { EventFormatType }),
    ...(DeliveryRetryPolicy !== undefined && { DeliveryRetryPolicy }),
    Status: { State: suspended ? 'Disabled' : 'Enabled', Health: 'OK' },
  };
}

function freePlace(id: string): Document {
  return {
    '@odata.type': '#EventDestination.v1_15_0.EventDestination',
    Id: id,
    Name: `EventSubscription ${id}`,
    Destination: '0.0.0.0',
    Context: null,
    Protocol: 'SNMPv1',
    SubscriptionType: 'SNMPTrap',
    Status: { State: 'Disabled', Health: 'OK' },
  };
}

function write(controller: Controller, id: string, subscription: Subscription | null): void {
  const { [id]: _, ...others } = subscriptionsOf(controller);
  controller.kept.subscriptions = subscription ? { ...others, [id]: subscription } : others;
  controller.machine.changed();
}

export function subscribe(controller: Controller, body: Body): Reply {
  const rules = eventRulesOf(controller.personality);
  if (rules === null) return wrongMethod;
  const refused = checkSpec(rules, body);
  if (refused) return refused;
  const known = subscriptionsOf(controller);
  const free = Array.from({ length: rules.cap }, (_, n) => String(n + 1)).find((id) => known[id] === undefined);
  if (free === undefined) return rules.full;
  const { Destination: destination, Context: context = null } = body;
  write(controller, free, {
    destination: String(destination),
    context: typeof context === 'string' ? context : null,
    request: body,
    suspended: false,
  });
  controller.machine.note('subscribed', { id: free });
  return { status: 201, headers: { location: `${simServiceRoot}${all}/${free}` } };
}

/** What of a request is heeded: filters of events are not, and are refused therefore. */
const heeded = [
  'Destination',
  'Context',
  'Protocol',
  'SubscriptionType',
  'EventFormatType',
  'EventTypes',
  'DeliveryRetryPolicy',
];

const isKind = (body: Body, name: string, kind: string) => body[name] === undefined || body[name] === kind;

function checkSpec(rules: EventRules, body: Body): Reply | null {
  const lacking = rules.required.find((name) => body[name] === undefined);
  if (lacking) return missing(lacking);
  const strange = Object.keys(body).find((name) => rules.unknown.includes(name) || !heeded.includes(name));
  if (strange) return unknownProperty(strange);
  if (!isKind(body, 'SubscriptionType', 'RedfishEvent')) return wrongValue(body.SubscriptionType, 'SubscriptionType');
  if (!isKind(body, 'EventFormatType', 'Event')) return wrongValue(body.EventFormatType, 'EventFormatType');
  if (body.Protocol !== undefined && body.Protocol !== 'Redfish') return wrongValue(body.Protocol, 'Protocol');
  const url = URL.parse(String(body.Destination));
  const scheme = rules.tlsOnly ? /^https:$/ : /^https?:$/;
  return url && scheme.test(url.protocol) ? null : wrongValue(body.Destination, 'Destination');
}

export function unsubscribe(controller: Controller, id: string): Reply {
  if (!subscriptionsOf(controller)[id]) return notFound(`${simServiceRoot}${all}/${id}`);
  write(controller, id, null);
  controller.machine.note('unsubscribed', { id, by: 'request' });
  return empty;
}

/** An event to see whether events arrive; what it is to say, it says. */
export function submitTestEvent(controller: Controller, { MessageId, Message, EventType, ...others }: Body): Reply {
  const strange = Object.keys(others).find((name) => !name.startsWith('@') && !testParameters.includes(name));
  if (strange) return unknownParameter(strange, 'EventService.SubmitTestEvent');
  const wrong = [MessageId, Message, EventType].find((one) => one !== undefined && typeof one !== 'string');
  if (wrong !== undefined) return wrongValue(wrong, 'MessageId');
  controller.machine.note('test-event', {
    ...(MessageId !== undefined && { messageId: MessageId }),
    ...(Message !== undefined && { message: Message }),
  });
  return empty;
}

const testParameters = ['EventId', 'EventTimestamp', 'Severity', 'MessageArgs', 'MessageSeverity', 'OriginOfCondition'];

export function patchEventService(controller: Controller, { ServiceEnabled, ...others }: Body): Reply {
  const other = Object.keys(others).find((name) => !name.startsWith('@'));
  if (other) return notWritable(other);
  if (typeof ServiceEnabled !== 'boolean') return missing('ServiceEnabled');
  controller.kept.eventful = ServiceEnabled;
  controller.machine.changed();
  return empty;
}

/** The deliveries to this one all failed. */
export function giveUp(controller: Controller, id: string, { retries }: EventRules): void {
  const known = subscriptionsOf(controller)[id];
  // Somebody who wants to be tried for ever is.
  if (!known || known.request.DeliveryRetryPolicy === 'RetryForever') return;
  write(controller, id, retries.lastly === 'suspend' ? { ...known, suspended: true } : null);
  if (retries.lastly === 'terminate') controller.machine.note('unsubscribed', { id, by: 'retries' });
}

/** A restart costs some controllers all of them. */
export function forgetSubscriptions(controller: Controller): void {
  if (!eventRulesOf(controller.personality)?.volatile) return;
  for (const id of Object.keys(subscriptionsOf(controller))) {
    write(controller, id, null);
    controller.machine.note('unsubscribed', { id, by: 'restart' });
  }
}
