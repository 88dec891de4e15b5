import { createHash } from 'node:crypto';
import type { MachineSpec, VmFirmware } from './qemu.ts';

export type FirmwareMix = VmFirmware | 'mixed';

export interface VmFleet {
  readonly firmware: FirmwareMix;
  readonly memoryMib: number;
  readonly tpm: boolean;
  /** Told apart from other rigs that share an MDB: two hexadecimal digits; `00` by default. */
  readonly series?: string;
}

/** Hash of a name as an RFC 9562 version 8 UUID (custom, here from SHA-256): the same machine keeps it for ever. */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(18, 20),
    hex.slice(20, 32),
  ].join('-');
}

const two = (number: number) => number.toString(16).padStart(2, '0');

/** The nth machine of a rig, from 1: all of its identity follows from its number and the rig's series. */
export function nthMachine(fleet: VmFleet, number: number): MachineSpec {
  const series = fleet.series ?? '00';
  const tag = `${series}${number.toString().padStart(3, '0')}`.toUpperCase();
  const mixed: VmFirmware = number % 2 === 1 ? 'bios' : 'uefi';
  return {
    id: `vm-${number}`,
    firmware: fleet.firmware === 'mixed' ? mixed : fleet.firmware,
    memoryMib: fleet.memoryMib,
    cpus: 1,
    // 52:54:00 is QEMU's own prefix.
    nic: { model: 'virtio-net-pci', mac: `52:54:00:fa:${series}:${two(number)}`, tap: `tap${number}` },
    disks: [{ name: 'system', kind: 'virtio', gib: 8, serial: `FVMD${tag}` }],
    uuid: uuidOf(`farrier vm ${tag}`),
    serial: `FVM${tag}`,
    boardSerial: `FVMB${tag}`,
    manufacturer: 'Farrier',
    product: 'VirtualMetal',
    tpm: fleet.tpm,
    watchdog: true,
    bootOrder: 'network-first',
  };
}
