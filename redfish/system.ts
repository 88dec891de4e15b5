import { strings } from './probe/action.ts';
import { findBasis } from './probe/basis.ts';
import type { Basis } from './probe/offers.ts';
import { type Quirks, quirksOf } from './quirks.ts';
import { macOfText } from './read/identity.ts';
import { readHostMacs } from './read/macs.ts';
import { openReader, throwPassing } from './read/reader.ts';
import { linkedPath, object, readText, valueAt } from './read/values.ts';
import type { Session } from './session.ts';
import type { Json } from './transport.ts';
import { type Witnesses, witnessesOf } from './witnesses.ts';

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
  /** What else it shows of its starts. */
  readonly witnesses: Witnesses;
  readonly resetPath: string;
  readonly resetTypes: readonly string[];
  readonly boot: Json;
  /** Where the system's own settings for the next start are written (quirks 38 and 39); null without such a place. */
  readonly settingsPath: string | null;
  readonly quirks: Quirks;
  readonly chassisPaths: readonly string[];
  readonly biosPath: string | null;
  /** The controller's own resource; null when the system does not link to it. */
  readonly managerPath: string | null;
}

/** Reads the system that can be reset, and finds it first (quirk 63). */
export async function readSystem(session: Session): Promise<SystemReading> {
  const { basis, host } = await findBasis(await openReader(session), null);
  return readingOf(host, basis);
}

/** MACs of the host, from wherever its controller shows them (`read/macs.ts`), until they are enough. */
export async function readMacs(
  session: Session,
  { path }: SystemReading,
  isEnough?: (macs: readonly string[]) => boolean,
): Promise<string[]> {
  const reader = await openReader(session);
  const host = await reader.resource({ '@odata.id': path });
  throwPassing(reader.gaps);
  const macs = await readHostMacs(reader, host ?? {}, () => reader.members(reader.root.Chassis), isEnough);
  if (!isEnough?.(macs)) throwPassing(reader.gaps);
  return macs;
}

/** MACs of the controller itself. */
export async function readOwnMacs(session: Session, { managerPath }: SystemReading): Promise<string[]> {
  if (managerPath === null) return [];
  const reader = await openReader(session);
  const manager = await reader.resource({ '@odata.id': managerPath });
  const interfaces = await reader.members(manager?.EthernetInterfaces);
  throwPassing(reader.gaps);
  return interfaces.flatMap((one) => macOfText(one.PermanentMACAddress) ?? macOfText(one.MACAddress) ?? []);
}

/** Serial numbers of the chassis that the system is in: some show none for the system itself (quirk 62). */
export async function readChassisSerials(session: Session, { chassisPaths }: SystemReading): Promise<string[]> {
  const reader = await openReader(session);
  const chassis = await Promise.all(chassisPaths.map((path) => reader.resource({ '@odata.id': path })));
  throwPassing(reader.gaps);
  return chassis.flatMap((one) => readText(one?.SerialNumber) ?? []);
}

/** What a system's resource tells, at the place that the basis names; pure. */
export function readingOf(
  system: Json,
  { systemPath, managerPath, chassisPaths, resetTypes, makers }: Basis,
): SystemReading {
  const reset = valueAt(system, 'Actions', '#ComputerSystem.Reset');
  const inline = strings(valueAt(reset, 'ResetType@Redfish.AllowableValues'));
  return {
    path: systemPath,
    uuid: readText(system.UUID),
    serial: readText(system.SerialNumber),
    sku: readText(system.SKU),
    vendor: readText(system.Manufacturer),
    product: readText(system.Model),
    biosVersion: readText(system.BiosVersion),
    power: readText(system.PowerState),
    lastReset: readText(system.LastResetTime),
    bootProgress: readText(valueAt(system, 'BootProgress', 'LastState')),
    witnesses: witnessesOf(system),
    resetPath: readText(valueAt(reset, 'target')) ?? '',
    resetTypes: inline.length > 0 ? inline : (resetTypes ?? []),
    boot: object(system.Boot),
    settingsPath: linkedPath(valueAt(system, '@Redfish.Settings', 'SettingsObject')),
    quirks: quirksOf(makers, readText(system.Model)),
    chassisPaths,
    biosPath: linkedPath(system.Bios),
    managerPath,
  };
}
