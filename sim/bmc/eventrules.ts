import type { Document } from './links.ts';
import { failure, type Reply } from './reply.ts';

/** How a family takes subscriptions, and how it tells of events. */
export interface EventRules {
  /** Subscriptions at once. */
  readonly cap: number;
  readonly full: Reply;
  /** Whether all places are listed from the beginning, those that are free as disabled traps. */
  readonly slots: boolean;
  /** Properties without which a subscription is refused, and those that are not known. */
  readonly required: readonly string[];
  readonly unknown: readonly string[];
  /** Whether it sends nothing but over TLS. */
  readonly tlsOnly: boolean;
  /** Whether the service is on from the beginning. */
  readonly enabled: boolean;
  /** Whether subscriptions are gone when the controller starts again. */
  readonly volatile: boolean;
  /** Tries of one delivery, seconds between them, and what becomes of a subscription whose deliveries all fail. */
  readonly retries: { readonly attempts: number; readonly seconds: number; readonly lastly: 'suspend' | 'terminate' };
  /** Whether events carry what Redfish 1.0 to 1.5 had: an event type, and the severity by its old name. */
  readonly old: boolean;
  /** What the service tells of itself. */
  readonly shown: Document;
}

const types = ['StatusChange', 'ResourceUpdated', 'ResourceAdded', 'ResourceRemoved', 'Alert'];
const tooMany =
  'The event subscription failed due to the number of simultaneous subscriptions exceeding the limit of the implementation.';

const modern: EventRules = {
  cap: 8,
  full: failure(503, 'EventSubscriptionLimitExceeded', tooMany),
  slots: false,
  required: ['Destination', 'Protocol'],
  unknown: [],
  tlsOnly: false,
  enabled: true,
  volatile: false,
  retries: { attempts: 3, seconds: 5, lastly: 'suspend' },
  old: false,
  shown: {
    EventFormatTypes: ['Event'],
    RegistryPrefixes: ['Base', 'ResourceEvent'],
    ResourceTypes: ['ComputerSystem'],
  },
};

const old: EventRules = {
  ...modern,
  required: ['Destination', 'Protocol', 'EventTypes', 'Context'],
  unknown: ['EventFormatType', 'DeliveryRetryPolicy', 'SubscriptionType'],
  old: true,
  shown: { EventTypesForSubscription: types },
};

/** OpenBMC calls a full house a lack of privilege (openbmc/bmcweb#150), and sends over TLS only (#165). */
const bmcweb: EventRules = {
  ...modern,
  cap: 20,
  full: failure(403, 'EventSubscriptionLimitExceeded', tooMany),
  unknown: ['EventTypes'],
  tlsOnly: true,
  retries: { attempts: 3, seconds: 30, lastly: 'terminate' },
  shown: { EventFormatTypes: ['Event', 'MetricReport'], RegistryPrefixes: ['Base', 'OpenBMC', 'TaskEvent'] },
};

/**
 * By id of the personality. What services tell of themselves, Dell's service being off and Supermicro's places are as
 * recorded; caps, and who loses subscriptions with a restart, are made up where no source is named.
 */
const rules: Readonly<Record<string, EventRules | null>> = {
  idrac9: {
    ...modern,
    cap: 20,
    tlsOnly: true,
    enabled: false,
    retries: { attempts: 3, seconds: 5, lastly: 'suspend' },
    shown: {
      EventFormatTypes: ['Event', 'MetricReport'],
      EventTypesForSubscription: ['Alert', 'MetricReport', 'Other'],
    },
  },
  ilo5: { ...old, cap: 10 },
  ilo6: { ...modern, cap: 10, shown: { RegistryPrefixes: ['iLOEvents', 'ResourceEvent', 'iLOResourceEvents'] } },
  supermicro: { ...old, cap: 16, slots: true, unknown: ['DeliveryRetryPolicy'] },
  x10: null,
  openbmc: bmcweb,
  nvidia: bmcweb,
  ami: { ...modern, volatile: true },
  ibmc: { ...old, volatile: true },
};

/** Null for a family without an event service. */
export function eventRulesOf({ id }: { readonly id: string }): EventRules | null {
  return Object.hasOwn(rules, id) ? (rules[id] ?? null) : modern;
}
