import { diskSerial, macOf } from '../hardware.ts';
import type { View } from './document.ts';
import { type Document, linkTo } from './links.ts';

/** Members of collections that are numbered from 1. */
export const numberedMembers: Readonly<Record<string, (view: View, index: number) => Document | undefined>> = {
  EthernetInterfaces: ({ hardware }, index) =>
    index < hardware.model.nic.count
      ? networkCard(String(index + 1), macOf(hardware, index), index === 0, hardware.model.nic.speed)
      : undefined,
  'Storage/1/Drives': drive,
  Processors: processor,
  Memory: dimm,
};

const drivePaths = ({ hardware }: View) =>
  hardware.model.disks.map((_, index) => `/Systems/1/Storage/1/Drives/${index + 1}`);

export function networkCard(id: string, mac: string, up: boolean, speed = 1000): Document {
  return {
    '@odata.type': '#EthernetInterface.v1_12_1.EthernetInterface',
    Id: id,
    Name: `Network card ${id}`,
    MACAddress: mac,
    PermanentMACAddress: mac,
    LinkStatus: up ? 'LinkUp' : 'LinkDown',
    SpeedMbps: up ? speed : 0,
    Status: { State: 'Enabled', Health: 'OK' },
  };
}

export function storage(view: View): Document {
  const drives = drivePaths(view);
  return {
    '@odata.type': '#Storage.v1_15_1.Storage',
    Id: '1',
    Name: 'Storage',
    'Drives@odata.count': drives.length,
    Drives: drives.map(linkTo),
  };
}

function drive({ hardware }: View, index: number): Document | undefined {
  const disk = hardware.model.disks[index];
  if (!disk) return undefined;
  return {
    '@odata.type': '#Drive.v1_18_0.Drive',
    Id: String(index + 1),
    Name: disk.name,
    SerialNumber: diskSerial(hardware, index),
    Model: disk.model,
    CapacityBytes: disk.bytes,
    Manufacturer: 'Simulated',
    MediaType: disk.rotational ? 'HDD' : 'SSD',
    Protocol: disk.name.startsWith('nvme') ? 'NVMe' : disk.rotational ? 'SAS' : 'SATA',
    Status: { State: 'Enabled', Health: 'OK' },
  };
}

function processor({ hardware }: View, index: number): Document | undefined {
  const { cpu } = hardware.model;
  if (index >= cpu.sockets) return undefined;
  return {
    '@odata.type': '#Processor.v1_20_1.Processor',
    Id: String(index + 1),
    Name: `CPU ${index + 1}`,
    Socket: `CPU${index + 1}`,
    ProcessorType: 'CPU',
    Manufacturer: 'Simulated',
    Model: cpu.model,
    MaxSpeedMHz: 3600,
    TotalCores: cpu.cores,
    TotalThreads: cpu.threads,
    Status: { State: 'Enabled', Health: 'OK' },
  };
}

function dimm({ hardware }: View, index: number): Document | undefined {
  const { dimms } = hardware.model;
  if (index >= dimms.count) return undefined;
  return {
    '@odata.type': '#Memory.v1_20_0.Memory',
    Id: String(index + 1),
    Name: `DIMM ${index + 1}`,
    DeviceLocator: `DIMM_${index + 1}`,
    CapacityMiB: dimms.mib,
    Manufacturer: 'Simulated',
    MemoryDeviceType: dimms.speed >= 4000 ? 'DDR5' : 'DDR4',
    OperatingSpeedMhz: dimms.speed,
    PartNumber: dimms.part,
    SerialNumber: `${hardware.serial}M${index}`,
    Status: { State: 'Enabled', Health: 'OK' },
  };
}
