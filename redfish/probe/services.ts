/** What the services of a controller offer. */
import { accountLimits } from '../read/accounts.ts';
import { amount, at, link, object, text } from '../read/values.ts';
import { actionOf, strings } from './action.ts';
import type { AccountsOffer, EventsOffer, SessionsOffer, TasksOffer, UpdateOffer } from './offers.ts';
import type { Place } from './place.ts';

/** As the root links it, since old services have it elsewhere (quirk 2). */
export async function sessionsOffer({ reader }: Place): Promise<SessionsOffer | null> {
  const linked = link(at(reader.root, 'Links', 'Sessions'));
  if (linked !== null) return { path: linked };
  const service = link(reader.root.SessionService);
  return service === null ? null : { path: `${service.replace(/\/$/, '')}/Sessions` };
}

export async function updateOffer(place: Place): Promise<UpdateOffer | null> {
  const { reader } = place;
  const path = link(reader.root.UpdateService);
  const service = await place.service('UpdateService');
  if (path === null || service === null) return null;
  const simple = await actionOf(reader, service, '#UpdateService.SimpleUpdate', 'TransferProtocol');
  const times = at(service, 'Actions', '#UpdateService.SimpleUpdate', '@Redfish.OperationApplyTimeSupport');
  return {
    path,
    simple: simple && { ...simple, applyTimes: strings(at(times, 'SupportedValues')) },
    start: await actionOf(reader, service, '#UpdateService.StartUpdate'),
    multipart: text(service.MultipartHttpPushUri),
    push: text(service.HttpPushUri),
    maxBytes: amount(service.MaxImageSizeBytes),
    inventoryPath: link(service.FirmwareInventory),
    pushApplyTime: text(at(service, 'HttpPushUriOptions', 'HttpPushUriApplyTime', 'ApplyTime')),
  };
}

export async function accountsOffer(place: Place): Promise<AccountsOffer | null> {
  const path = link(place.reader.root.AccountService);
  const service = await place.service('AccountService');
  if (path === null || service === null) return null;
  return { path, rolesPath: link(service.Roles), ...accountLimits(service) };
}

export async function eventsOffer(place: Place): Promise<EventsOffer | null> {
  const path = link(place.reader.root.EventService);
  const service = await place.service('EventService');
  if (path === null || service === null) return null;
  return {
    path,
    subscriptionsPath: link(service.Subscriptions),
    types: strings(service.EventTypesForSubscription),
    formats: strings(service.EventFormatTypes),
    registries: strings(service.RegistryPrefixes),
    streamPath: text(service.ServerSentEventUri),
    test: await actionOf(place.reader, service, '#EventService.SubmitTestEvent', 'EventType'),
  };
}

export async function tasksOffer(place: Place): Promise<TasksOffer | null> {
  const { root } = place.reader;
  const path = link(root.Tasks) ?? link(root.TaskService);
  const service = await place.service('Tasks', 'TaskService');
  if (path === null || service === null) return null;
  const jobs = object(await place.service('JobService'));
  return { path, tasksPath: link(service.Tasks), jobsPath: link(jobs.Jobs) };
}
