import { normaliseMac } from '../../mdb/machine.ts';
import { RedfishError } from './errors.ts';
import type { Session } from './session.ts';
import type { Json } from './transport.ts';

/** The computer system behind a controller, as its resource tells it; absent facts are null. */
export interface SystemReading {
  readonly path: string;
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly sku: string | null;
  readonly vendor: string | null;
  readonly product: string | null;
  readonly biosVersion: string | null;
  readonly power: string | null;
  /** Of the controller's own clock: only compared with other readings of the same controller (quirk 35). */
  readonly lastReset: string | null;
  readonly bootProgress: string | null;
  readonly macs: readonly string[];
  readonly resetPath: string;
  readonly resetTypes: readonly string[];
  readonly boot: Json;
  readonly biosPath: string | null;
  /** The controller's own resource; null when the system does not link to it. */
  readonly managerPath: string | null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function link(value: unknown): string | null {
  return text((value as Json | undefined)?.['@odata.id']);
}

function members(collection: Json): string[] {
  const list = Array.isArray(collection.Members) ? collection.Members : [];
  return list.flatMap((member) => link(member) ?? []);
}

/**
 * Reads the system that can be reset: some controllers list two, of which only one is the host, and the first is
 * not always it (quirk 63). With `macs`, its network interfaces are read too.
 */
export async function readSystem(session: Session, withMacs: boolean): Promise<SystemReading> {
  const root = await session.get('/redfish/v1/');
  const systems = await session.get(link(root.Systems) ?? '/redfish/v1/Systems');
  for (const path of members(systems).slice(0, 8)) {
    const system = await session.get(path);
    const reset = (system.Actions as Json | undefined)?.['#ComputerSystem.Reset'] as Json | undefined;
    const resetPath = text(reset?.target);
    if (reset && resetPath)
      return reading(
        path,
        system,
        resetPath,
        await resetTypes(session, reset),
        withMacs ? await readMacs(session, system) : [],
      );
  }
  throw new RedfishError('unsupported', 'the controller lists no system that can be reset');
}

async function resetTypes(session: Session, reset: Json): Promise<string[]> {
  const inline = reset['ResetType@Redfish.AllowableValues'];
  if (Array.isArray(inline)) return inline.map(String);
  const info = text(reset['@Redfish.ActionInfo']);
  if (info === null) return [];
  const parameters = (await session.get(info)).Parameters;
  const parameter = Array.isArray(parameters) ? parameters.find((one: Json) => one.Name === 'ResetType') : undefined;
  return Array.isArray(parameter?.AllowableValues) ? parameter.AllowableValues.map(String) : [];
}

async function readMacs(session: Session, system: Json): Promise<string[]> {
  const path = link(system.EthernetInterfaces);
  if (path === null) return [];
  const macs: string[] = [];
  for (const member of members(await session.get(path)).slice(0, 32)) {
    const nic = await session.get(member);
    const mac = normaliseMac(text(nic.PermanentMACAddress) ?? text(nic.MACAddress) ?? '');
    if (mac) macs.push(mac);
  }
  return macs;
}

function reading(path: string, system: Json, resetPath: string, types: string[], macs: string[]): SystemReading {
  const progress = system.BootProgress as Json | undefined;
  const managers = (system.Links as Json | undefined)?.ManagedBy;
  return {
    path,
    uuid: text(system.UUID),
    serial: text(system.SerialNumber),
    sku: text(system.SKU),
    vendor: text(system.Manufacturer),
    product: text(system.Model),
    biosVersion: text(system.BiosVersion),
    power: text(system.PowerState),
    lastReset: text(system.LastResetTime),
    bootProgress: text(progress?.LastState),
    macs,
    resetPath,
    resetTypes: types,
    boot: (system.Boot as Json | undefined) ?? {},
    biosPath: link(system.Bios),
    managerPath: Array.isArray(managers) ? link(managers[0]) : null,
  };
}

export interface ManagerReading {
  readonly firmwareVersion: string | null;
  readonly model: string | null;
}

/** The controller itself; null where the system does not link to it. */
export async function readManager(session: Session, system: SystemReading): Promise<ManagerReading | null> {
  if (system.managerPath === null) return null;
  const manager = await session.get(system.managerPath);
  return { firmwareVersion: text(manager.FirmwareVersion), model: text(manager.Model) };
}

/** What is wanted of the power, and the reset types that bring it about, best first (quirk 26). */
const resetChains = {
  on: ['On', 'ForceOn', 'PushPowerButton'],
  restart: ['ForceRestart', 'PowerCycle', 'GracefulRestart'],
} as const;

/** The reset type to send for this wish on this controller; null when it offers none. */
export function chooseReset(wish: keyof typeof resetChains, allowed: readonly string[]): string | null {
  const chain: readonly string[] = resetChains[wish];
  return chain.find((type) => allowed.includes(type)) ?? (allowed.length === 0 ? (chain[0] ?? null) : null);
}

/** Sends one reset. */
export async function sendReset(session: Session, system: SystemReading, type: string): Promise<void> {
  await session.write('POST', system.resetPath, { ResetType: type });
}

/** Asks for the network at the next boot only; the whole triple, since some controllers drop a partial one (quirks 36, 37). */
export async function bootNetworkOnce(session: Session, system: SystemReading): Promise<void> {
  const mode = text(system.boot.BootSourceOverrideMode);
  await session.write('PATCH', system.path, {
    Boot: {
      BootSourceOverrideTarget: 'Pxe',
      BootSourceOverrideEnabled: 'Once',
      ...(mode && { BootSourceOverrideMode: mode }),
    },
  });
}

export interface BiosReading {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Where pending settings are written; null when the controller offers no way. */
  readonly settingsPath: string | null;
}

/** BIOS attributes in force; null where the controller shows none. */
export async function readBios(session: Session, system: SystemReading): Promise<BiosReading | null> {
  if (system.biosPath === null) return null;
  const bios = await session.get(system.biosPath);
  const settings = bios['@Redfish.Settings'] as Json | undefined;
  return { attributes: (bios.Attributes as Json | undefined) ?? {}, settingsPath: link(settings?.SettingsObject) };
}

/** Names of the wanted attributes that differ from those in force. */
export function differingAttributes(wanted: Readonly<Record<string, unknown>>, bios: BiosReading | null): string[] {
  return Object.keys(wanted)
    .filter((name) => bios?.attributes[name] !== wanted[name])
    .sort();
}
