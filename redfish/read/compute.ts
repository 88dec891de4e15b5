import type { Json } from '../transport.ts';
import { firmwareVersion } from './firmware.ts';
import { known } from './identity.ts';
import type { ResourceLayout } from './layout.ts';
import { mainChassis } from './layout.ts';
import type { Reader } from './reader.ts';
import { amount, healthOf, linkedPath, object, present, readText, serviceLabel, valueAt } from './values.ts';

export interface Cpu {
  readonly socket: string;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly cores: number | null;
  readonly threads: number | null;
  readonly maxMhz: number | null;
  readonly health: string | null;
}

export interface Dimm {
  readonly slot: string;
  readonly mib: number | null;
  readonly type: string | null;
  readonly manufacturer: string | null;
  readonly partNumber: string | null;
  readonly serial: string | null;
  readonly mhz: number | null;
  readonly health: string | null;
}

export interface Accelerator {
  readonly id: string;
  /** GPU, FPGA, Accelerator … as the controller calls it. */
  readonly kind: string;
  readonly slot: string | null;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly partNumber: string | null;
  readonly firmware: string | null;
  readonly health: string | null;
}

export interface Compute {
  readonly cpus: readonly Cpu[];
  readonly dimms: readonly Dimm[];
  readonly emptyDimmSlots: readonly string[];
  readonly accelerators: readonly Accelerator[];
}

/** Processors of all kinds and memory. Baseboards add accelerators; the CPUs that they repeat are not counted twice. */
export async function readCompute(reader: Reader, layout: ResourceLayout): Promise<Compute> {
  const [processors, others, memory, devices] = await Promise.all([
    reader.members(layout.host.Processors),
    Promise.all(layout.companions.map((one) => reader.members(one.Processors))),
    reader.members(layout.host.Memory),
    Promise.all(mainChassis(layout).map((one) => reader.members(one.PCIeDevices))),
  ]);
  const sockets = processors.filter(present);
  const accelerators = mergeAccelerators(
    [...sockets, ...others.flat().filter(present)].filter(isAccelerator),
    devices.flat().filter(present),
  );
  return {
    cpus: sockets.filter(isCpu).map(cpuOf),
    dimms: memory.filter(present).map(dimmOf),
    emptyDimmSlots: memory.filter((one) => !present(one)).map(slotOf),
    accelerators: accelerators.length > 0 ? accelerators : await vendorAccelerators(reader, layout),
  };
}

/** HPE's own list of devices, below the chassis: the only place where some of its machines show their accelerators. */
async function vendorAccelerators(reader: Reader, layout: ResourceLayout): Promise<Accelerator[]> {
  const places = mainChassis(layout).flatMap((chassis) => [
    chassis.Devices,
    ...Object.values(object(chassis.Oem)).map((oem) => valueAt(oem, 'Links', 'Devices')),
  ]);
  const lists = await Promise.all(places.filter((one) => linkedPath(one) !== null).map((one) => reader.members(one)));
  const isObserved = (one: Json) =>
    /^(GPU|FPGA|Accelerator)$/i.test(readText(one.DeviceType) ?? '') || isAcceleratorDevice(one);
  return lists
    .flat()
    .filter((one) => present(one) && isObserved(one))
    .map((one) => acceleratorOf(one, one));
}

function isCpu(processor: Json): boolean {
  return (readText(processor.ProcessorType) ?? 'CPU') === 'CPU';
}

function isAccelerator(processor: Json): boolean {
  return !isCpu(processor) && !/^(Core|Thread)$/.test(readText(processor.ProcessorType) ?? '');
}

function cpuOf(cpu: Json): Cpu {
  return {
    socket: readText(cpu.Socket) ?? serviceLabel(cpu.Location) ?? readText(cpu.Id) ?? '',
    manufacturer: readText(cpu.Manufacturer),
    model: readText(cpu.Model),
    cores: amount(cpu.TotalCores),
    threads: amount(cpu.TotalThreads),
    maxMhz: amount(cpu.MaxSpeedMHz),
    health: healthOf(cpu),
  };
}

function slotOf(dimm: Json): string {
  return readText(dimm.DeviceLocator) ?? serviceLabel(dimm.Location) ?? readText(dimm.Name) ?? readText(dimm.Id) ?? '';
}

function dimmOf(dimm: Json): Dimm {
  return {
    slot: slotOf(dimm),
    mib: amount(dimm.CapacityMiB),
    type: readText(dimm.MemoryDeviceType),
    manufacturer: readText(dimm.Manufacturer),
    partNumber: readText(dimm.PartNumber),
    serial: known(dimm.SerialNumber),
    mhz: amount(dimm.OperatingSpeedMhz),
    health: healthOf(dimm),
  };
}

const acceleratorNames =
  /\b(GPU\d*|[HA]100|[HB][23]00|GH200|GB[123]00|A10|A16|A30|A40|A800|H800|H20|L4|L40S?|[VP]100|T4|Tesla|MI\d{3}[AX]?|Instinct|Gaudi ?\d?|Data Center GPU)\b/i;

/** Controllers that list no accelerator as a processor show it among the PCIe devices, by its name only. */
export function isAcceleratorDevice(device: Json): boolean {
  const names = [device.Id, device.Name, device.Model].map((one) => readText(one) ?? '').join(' ');
  return acceleratorNames.test(names) && !/ConnectX|BlueField|NVMe|SSD|NIC\b|Audio/i.test(names);
}

/** One entry a device: processors first, completed and extended by PCIe devices; the serial number says which is which. */
export function mergeAccelerators(processors: readonly Json[], devices: readonly Json[]): Accelerator[] {
  const used = new Set<Json>();
  const listed = processors.map((processor) => {
    const number = known(processor.SerialNumber);
    const device = number === null ? undefined : devices.find((one) => known(one.SerialNumber) === number);
    if (device) used.add(device);
    return acceleratorOf(processor, device);
  });
  const unlisted = devices.filter(
    (one) =>
      !used.has(one) && isAcceleratorDevice(one) && (processors.length === 0 || known(one.SerialNumber) !== null),
  );
  return [...listed, ...unlisted.map((one) => acceleratorOf(one, one))];
}

function acceleratorOf(resource: Json, device: Json | undefined): Accelerator {
  return {
    id: readText(resource.Id) ?? linkedPath(resource) ?? '',
    kind: readText(resource.ProcessorType) ?? 'GPU',
    slot:
      serviceLabel(resource.Location) ??
      serviceLabel(valueAt(device, 'Slot', 'Location')) ??
      readText(resource.Location),
    manufacturer: readText(resource.Manufacturer),
    model: nameOf(resource, device),
    serial: known(resource.SerialNumber),
    partNumber: readText(resource.PartNumber),
    firmware:
      readText(resource.FirmwareVersion) ??
      readText(valueAt(resource, 'FPGA', 'FirmwareVersion')) ??
      readText(device?.FirmwareVersion) ??
      firmwareVersion(valueAt(resource, 'FirmwareVersion', 'Current', 'VersionString')),
    health: healthOf(resource),
  };
}

/** Names that every part of a kind has, and that say nothing. */
const plainNames = /^(gpu|processor|pcie? ?device|device|accelerator|fpga)[\s_-]*\d*$/i;

/**
 * The model people know. HPE shows the part number as the model and the name at the PCIe device; some show no model and
 * a name that tells it.
 */
function nameOf(resource: Json, device: Json | undefined): string | null {
  const names = [resource.Model, device?.Model, device?.Name, resource.Name].map(known);
  const says = (one: string | null) => one !== null && one !== readText(resource.PartNumber) && !plainNames.test(one);
  return names.find(says) ?? known(resource.Model);
}
