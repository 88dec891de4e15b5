import type { Session } from '../session.ts';
import type { Json } from '../transport.ts';
import { type Compute, readCompute } from './compute.ts';
import { type ControllerReading, readControllers } from './controllers.ts';
import { type FirmwareReading, readFirmware } from './firmware.ts';
import { type Identity, identityOf, known } from './identity.ts';
import { caseOf, poweredChassis, readLayout } from './layout.ts';
import { type NetworkReading, readNetwork } from './network.ts';
import { type Fan, type PowerSupply, readFans, readPowerSupplies } from './power.ts';
import { type Gap, openReader } from './reader.ts';
import { type Drive, readDrives } from './storage.ts';
import { amount, healthOf, linkedPath, readText, valueAt } from './values.ts';

export interface Chassis {
  readonly id: string;
  readonly type: string | null;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly partNumber: string | null;
}

/** All that a controller tells of its machine. What it does not tell is null or missing; `gaps` is what it failed to tell. */
export interface HardwareReading extends Compute, NetworkReading {
  readonly system: {
    readonly path: string;
    readonly power: string | null;
    readonly health: string | null;
    readonly biosVersion: string | null;
    /** As the system sums it up, GiB. */
    readonly memoryGib: number | null;
    readonly hostname: string | null;
  };
  readonly identity: Identity;
  readonly drives: readonly Drive[];
  readonly supplies: readonly PowerSupply[];
  readonly fans: readonly Fan[];
  readonly chassis: readonly Chassis[];
  readonly controllers: readonly ControllerReading[];
  readonly firmware: readonly FirmwareReading[];
  readonly gaps: readonly Gap[];
  readonly requests: number;
}

/**
 * Reads the whole machine behind a controller. Fails only when its root or its systems can't be read, or none can be
 * reset; any other resource that breaks is a gap. `hostPath` names the system where a controller has several hosts.
 */
export async function gatherHardware(session: Session, hostPath: string | null = null): Promise<HardwareReading> {
  const reader = await openReader(session);
  const layout = await readLayout(reader, hostPath);
  const { host, chassis, managers } = layout;
  const boxes = poweredChassis(layout);
  const [compute, drives, network, supplies, fans, controllers, firmware] = await Promise.all([
    readCompute(reader, layout),
    readDrives(reader, host),
    readNetwork(reader, host, chassis),
    Promise.all(boxes.map((one) => readPowerSupplies(reader, one))),
    Promise.all(boxes.map((one) => readFans(reader, one))),
    readControllers(reader, host, managers),
    readFirmware(reader),
  ]);
  return {
    system: systemOf(host),
    identity: identityOf(host, caseOf(layout)),
    ...compute,
    drives,
    ...network,
    supplies: once(supplies.flat()),
    fans: once(fans.flat()),
    chassis: chassis.map(chassisOf),
    controllers,
    firmware,
    gaps: reader.gaps,
    requests: reader.requests(),
  };
}

/** A part that two chassis show, such as a sled and its enclosure, is one: all that is told of it is the same. */
function once<T extends { readonly name: string }>(parts: readonly T[]): T[] {
  const seen = new Set<string>();
  return parts.filter((part) => {
    const key = JSON.stringify(part);
    const known = seen.has(key);
    seen.add(key);
    return !known;
  });
}

function systemOf(host: Json): HardwareReading['system'] {
  return {
    path: linkedPath(host) ?? '',
    power: readText(host.PowerState),
    health: healthOf(host),
    biosVersion: readText(host.BiosVersion),
    memoryGib: amount(valueAt(host, 'MemorySummary', 'TotalSystemMemoryGiB')),
    hostname: readText(host.HostName),
  };
}

function chassisOf(chassis: Json): Chassis {
  return {
    id: readText(chassis.Id) ?? linkedPath(chassis) ?? '',
    type: readText(chassis.ChassisType),
    manufacturer: readText(chassis.Manufacturer),
    model: known(chassis.Model),
    serial: known(chassis.SerialNumber),
    partNumber: known(chassis.PartNumber),
  };
}
