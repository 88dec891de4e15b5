import { normaliseMac } from '../../mdb/machine.ts';
import { readMembers, readOptional } from './collection.ts';
import { RedfishError } from './errors.ts';
import { link, part, serviceRoot, text } from './links.ts';
import { type Quirks, quirksOf } from './quirks.ts';
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
  readonly resetPath: string;
  readonly resetTypes: readonly string[];
  readonly boot: Json;
  /** Where the system's own settings for the next start are written (quirks 38 and 39); null without such a place. */
  readonly settingsPath: string | null;
  readonly quirks: Quirks;
  readonly nicsPath: string | null;
  readonly chassisPaths: readonly string[];
  readonly biosPath: string | null;
  /** The controller's own resource; null when the system does not link to it. */
  readonly managerPath: string | null;
}

/** Systems of one controller: the largest recorded has 4 nodes, and pseudo-systems beside them (quirk 63). */
const mostSystems = 8;
const mostNics = 64;
const mostChassis = 8;

/**
 * Reads the system that can be reset: some controllers list two, of which only one is the host, and the first is
 * not always it (quirk 63).
 */
export async function readSystem(session: Session): Promise<SystemReading> {
  const root = await session.get(serviceRoot);
  for (const path of await readMembers(session, link(root.Systems) ?? `${serviceRoot}Systems`, mostSystems)) {
    const system = await session.get(path);
    const reset = part(part(system, 'Actions'), '#ComputerSystem.Reset');
    const target = text(reset.target);
    if (target !== null) return reading(path, root, system, target, await resetTypes(session, reset));
  }
  throw new RedfishError('unsupported', 'the controller lists no system that can be reset', { carriedOut: 'no' });
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

/** MACs of the system's network interfaces, normalised. */
export async function readMacs(session: Session, { nicsPath }: SystemReading): Promise<string[]> {
  const macs: string[] = [];
  for (const path of nicsPath === null ? [] : await readMembers(session, nicsPath, mostNics)) {
    const nic = await readOptional(session, path);
    const mac = normaliseMac(text(nic?.PermanentMACAddress) ?? text(nic?.MACAddress) ?? '');
    if (mac) macs.push(mac);
  }
  return macs;
}

/** Serial numbers of the chassis that the system is in: some show none for the system itself (quirk 62). */
export async function readChassisSerials(session: Session, { chassisPaths }: SystemReading): Promise<string[]> {
  const serials: string[] = [];
  for (const path of chassisPaths) {
    const serial = text((await readOptional(session, path))?.SerialNumber);
    if (serial !== null) serials.push(serial);
  }
  return serials;
}

function reading(path: string, root: Json, system: Json, resetPath: string, types: string[]): SystemReading {
  const { ManagedBy: managers, Chassis: chassis } = part(system, 'Links');
  const makers = [text(root.Vendor), text(system.Manufacturer), ...Object.keys(part(root, 'Oem'))];
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
    bootProgress: text(part(system, 'BootProgress').LastState),
    resetPath,
    resetTypes: types,
    boot: part(system, 'Boot'),
    settingsPath: link(part(system, '@Redfish.Settings').SettingsObject),
    quirks: quirksOf(makers),
    nicsPath: link(system.EthernetInterfaces),
    chassisPaths: Array.isArray(chassis) ? chassis.flatMap((one) => link(one) ?? []).slice(0, mostChassis) : [],
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
