import { quirksOf } from '../quirks.ts';
import type { Session } from '../session.ts';
import type { Json } from '../transport.ts';
import { type AccountLimits, readAccountLimits } from './accounts.ts';
import { type Bmc, readControllers } from './controllers.ts';
import { type Identity, identityOf } from './identity.ts';
import { caseOf, readLayout } from './layout.ts';
import { type Gap, openReader, type Reader } from './reader.ts';
import { at, link, list, object, text } from './values.ts';

/** Who a controller is and what it offers, from what it advertises. */
export interface Probe {
  readonly service: {
    readonly version: string | null;
    readonly vendor: string | null;
    readonly product: string | null;
    /** Whether it puts members into collections when asked to. */
    readonly expands: boolean;
  };
  readonly identity: Identity;
  readonly controllers: readonly Bmc[];
  readonly system: { readonly path: string; readonly power: string | null; readonly biosVersion: string | null };
  readonly resetTypes: readonly string[];
  readonly bootTargets: readonly string[];
  /** Capabilities by name, and whether the controller offers them. */
  readonly offers: Readonly<Record<string, boolean>>;
  readonly limits: AccountLimits | null;
  /** Deviations that are allowed for, in words. */
  readonly quirks: readonly string[];
  readonly gaps: readonly Gap[];
}

export async function probeController(session: Session, hostPath: string | null = null): Promise<Probe> {
  const reader = await openReader(session);
  const layout = await readLayout(reader, hostPath);
  const { host, managers } = layout;
  const [controllers, resetTypes, update, accounts] = await Promise.all([
    readControllers(reader, host, managers),
    allowedResets(reader, object(at(host, 'Actions', '#ComputerSystem.Reset'))),
    reader.resource(reader.root.UpdateService),
    readAccountLimits(reader),
  ]);
  const identity = identityOf(host, caseOf(layout));
  const vendor = text(reader.root.Vendor);
  return {
    service: {
      version: text(reader.root.RedfishVersion),
      vendor,
      product: text(reader.root.Product),
      expands: reader.expands,
    },
    identity,
    controllers,
    system: { path: link(host) ?? '', power: text(host.PowerState), biosVersion: text(host.BiosVersion) },
    resetTypes,
    bootTargets: strings(at(host, 'Boot', 'BootSourceOverrideTarget@Redfish.AllowableValues')),
    offers: offersOf(reader.root, host, managers, update),
    limits: accounts,
    quirks: quirksOf([vendor, identity.vendor], identity.product).inForce,
    gaps: reader.gaps,
  };
}

/** Inline or in an ActionInfo (quirk 26). */
async function allowedResets(reader: Reader, reset: Json): Promise<string[]> {
  const inline = reset['ResetType@Redfish.AllowableValues'];
  if (Array.isArray(inline)) return strings(inline);
  const info = text(reset['@Redfish.ActionInfo']);
  const parameters = info === null ? [] : list((await reader.resource({ '@odata.id': info }))?.Parameters);
  return strings(parameters.find((one) => one.Name === 'ResetType')?.AllowableValues);
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((one) => text(one) ?? []) : [];
}

function offersOf(root: Json, host: Json, managers: readonly Json[], update: Json | null): Record<string, boolean> {
  const linked = (resource: Json | null, name: string) => link(resource?.[name]) !== null;
  return {
    sessions: linked(root, 'SessionService') || link(at(root, 'Links', 'Sessions')) !== null,
    bios: linked(host, 'Bios'),
    'secure boot': linked(host, 'SecureBoot'),
    'virtual media': [host, ...managers].some((one) => linked(one, 'VirtualMedia')),
    'firmware list': linked(update, 'FirmwareInventory'),
    'firmware by address': at(update, 'Actions', '#UpdateService.SimpleUpdate') !== undefined,
    'firmware by upload': text(update?.MultipartHttpPushUri) !== null || text(update?.HttpPushUri) !== null,
    events: linked(root, 'EventService'),
    tasks: linked(root, 'Tasks') || linked(root, 'TaskService'),
    logs: [host, ...managers].some((one) => linked(one, 'LogServices')),
  };
}
