/** What the services of a controller offer. */
import { accountLimits } from '../read/accounts.ts';
import { amount, linkedPath, object, readText, valueAt } from '../read/values.ts';
import { actionOf, strings } from './action.ts';
import type { AccountsOffer, EventsOffer, SessionsOffer, TasksOffer, UpdateOffer } from './offers.ts';
import type { ProbeReader } from './place.ts';

/** As the root links it, since old services have it elsewhere (quirk 2). */
export async function sessionsOffer({ reader }: ProbeReader): Promise<SessionsOffer | null> {
  const linked = linkedPath(valueAt(reader.root, 'Links', 'Sessions'));
  if (linked !== null) return { path: linked };
  const service = linkedPath(reader.root.SessionService);
  return service === null ? null : { path: `${service.replace(/\/$/, '')}/Sessions` };
}

export async function updateOffer(place: ProbeReader): Promise<UpdateOffer | null> {
  const { reader } = place;
  const path = linkedPath(reader.root.UpdateService);
  const service = await place.service('UpdateService');
  if (path === null || service === null) return null;
  const simple = await actionOf(reader, service, '#UpdateService.SimpleUpdate', 'TransferProtocol');
  const times = valueAt(service, 'Actions', '#UpdateService.SimpleUpdate', '@Redfish.OperationApplyTimeSupport');
  return {
    path,
    simple: simple && { ...simple, applyTimes: strings(valueAt(times, 'SupportedValues')) },
    start: await actionOf(reader, service, '#UpdateService.StartUpdate'),
    multipart: readText(service.MultipartHttpPushUri),
    push: readText(service.HttpPushUri),
    maxBytes: amount(service.MaxImageSizeBytes),
    inventoryPath: linkedPath(service.FirmwareInventory),
    pushApplyTime: readText(valueAt(service, 'HttpPushUriOptions', 'HttpPushUriApplyTime', 'ApplyTime')),
  };
}

export async function accountsOffer(place: ProbeReader): Promise<AccountsOffer | null> {
  const path = linkedPath(place.reader.root.AccountService);
  const service = await place.service('AccountService');
  if (path === null || service === null) return null;
  return { path, rolesPath: linkedPath(service.Roles), ...accountLimits(service) };
}

export async function eventsOffer(place: ProbeReader): Promise<EventsOffer | null> {
  const path = linkedPath(place.reader.root.EventService);
  const service = await place.service('EventService');
  if (path === null || service === null) return null;
  return {
    path,
    subscriptionsPath: linkedPath(service.Subscriptions),
    types: strings(service.EventTypesForSubscription),
    formats: strings(service.EventFormatTypes),
    registries: strings(service.RegistryPrefixes),
    streamPath: readText(service.ServerSentEventUri),
    test: await actionOf(place.reader, service, '#EventService.SubmitTestEvent', 'EventType'),
  };
}

export async function tasksOffer(place: ProbeReader): Promise<TasksOffer | null> {
  const { root } = place.reader;
  const path = linkedPath(root.Tasks) ?? linkedPath(root.TaskService);
  const service = await place.service('Tasks', 'TaskService');
  if (path === null || service === null) return null;
  const jobs = object(await place.service('JobService'));
  return { path, tasksPath: linkedPath(service.Tasks), jobsPath: linkedPath(jobs.Jobs) };
}
