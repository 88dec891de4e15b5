/** What a virtual server is, and the QEMU command line for it: pure. */
import type { QemuAccelerator } from './accelerator.ts';
import type { UefiFirmware } from './tools.ts';

export type VmFirmware = 'bios' | 'uefi';

export interface DiskSpec {
  /** File name without ending, in the machine's folder. */
  readonly name: string;
  /** The bay that it is in, as its controller calls it; its name by default. */
  readonly bay?: string;
  readonly kind: 'virtio' | 'nvme' | 'ahci';
  readonly gib: number;
  /** As the guest sees it; 20 characters at most. */
  readonly serial: string;
  /** A disk that answers reads but fails every write: what a dying one does to an installer. */
  readonly failsWrites?: boolean;
}

export interface MachineSpec {
  readonly id: string;
  readonly firmware: VmFirmware;
  readonly memoryMib: number;
  readonly cpus: number;
  readonly nic: { readonly model: 'virtio-net-pci' | 'e1000e' | 'e1000'; readonly mac: string; readonly tap: string };
  readonly disks: readonly DiskSpec[];
  readonly uuid: string;
  readonly serial: string;
  readonly boardSerial: string;
  readonly manufacturer: string;
  readonly product: string;
  readonly tpm: boolean;
  readonly watchdog: boolean;
  /** What the firmware tries first while no override is set. */
  readonly bootOrder: 'network-first' | 'disk-first';
}

/** Version of the virtual firmware, the same in SMBIOS and over Redfish. */
export const biosVersion = 'farrier-vm-1';

export interface VmPaths {
  /** Absolute paths. */
  readonly qmp: string;
  readonly lldp: string;
  readonly serialLog: string;
  readonly disk: (name: string) => string;
  /** This machine's UEFI variables. */
  readonly vars: string;
  /** Socket and state folder of the TPM. */
  readonly tpm: string;
  readonly tpmState: string;
  /** File that gets all frames of the NIC (pcap); null for none. */
  readonly capture: string | null;
}

export type VmBootTarget = 'None' | 'Pxe' | 'Hdd';

/** A value in one of QEMU's comma-separated options. */
const quoted = (value: string) => value.replaceAll(',', ',,');

/** What a person put into a machine's bays or, null, took out; a bay that is not named is as the machine was built. */
export type Bays = Readonly<Record<string, { readonly serial: string; readonly gib: number } | null>>;

export const bayOf = ({ bay, name }: DiskSpec): string => bay ?? name;

/** The machine with other disks in its bays. A disk keeps its file, by its serial number, wherever it is put. */
export function equip(spec: MachineSpec, bays: Bays): MachineSpec {
  const built = spec.disks.filter((disk) => !Object.hasOwn(bays, bayOf(disk)));
  const put = Object.entries(bays).flatMap(([bay, disk]): DiskSpec[] =>
    disk === null ? [] : [{ name: disk.serial, bay, kind: 'virtio', ...disk }],
  );
  return { ...spec, disks: [...built, ...put] };
}

/** Device ids in the order in which firmware is to try them. */
export function bootDevices(spec: MachineSpec, target: VmBootTarget): string[] {
  const disks = spec.disks.map((_, index) => `disk${index}`);
  const networkFirst = target === 'None' ? spec.bootOrder === 'network-first' : target === 'Pxe';
  return networkFirst ? ['nic0', ...disks] : [...disks, 'nic0'];
}

function acceleration(accelerator: QemuAccelerator): string[] {
  // Figures and reasons: one thread a machine and a small cache keep many emulated machines on few cores.
  if (accelerator === 'tcg') return ['-accel', 'tcg,thread=single,tb-size=256', '-cpu', 'max'];
  return ['-accel', 'kvm', '-cpu', 'host'];
}

function board(uefi: UefiFirmware | null, places: VmPaths): string[] {
  // graphics=off: firmware writes to the serial line. reboot-timeout: a server that found nothing to boot tries again.
  if (uefi === null) return ['-machine', 'pc,graphics=off', '-boot', 'reboot-timeout=5000'];
  const flash = 'if=pflash,format=raw';
  return [
    ...['-machine', 'q35,smm=off'],
    ...['-drive', `${flash},readonly=on,file=${quoted(uefi.code)}`],
    ...['-drive', `${flash},file=${quoted(places.vars)}`],
  ];
}

function smbios(spec: MachineSpec): string[] {
  const maker = `manufacturer=${quoted(spec.manufacturer)}`;
  const system = `${maker},product=${quoted(spec.product)},serial=${spec.serial},sku=FVM`;
  return [
    ...['-uuid', spec.uuid],
    ...['-smbios', `type=0,vendor=Farrier,version=${biosVersion},date=01/01/2026`],
    ...['-smbios', `type=1,${system}`],
    ...['-smbios', `type=2,${maker},product=VirtualBoard,serial=${spec.boardSerial}`],
    ...['-smbios', `type=3,${maker},serial=${spec.serial}`],
    ...[
      '-smbios',
      `type=17,loc_pfx=DIMM,manufacturer=Farrier,serial=FVMM${spec.serial.slice(3)},part=VDIMM,speed=3200`,
    ],
  ];
}

function network(spec: MachineSpec, places: VmPaths, index: number): string[] {
  // Without its option ROM, UEFI uses its own network boot; BIOS has none and needs the ROM, which is iPXE.
  const rom = spec.firmware === 'uefi' ? ',romfile=' : '';
  const capture =
    places.capture === null ? [] : ['-object', `filter-dump,id=dump0,netdev=net0,file=${quoted(places.capture)}`];
  return [
    // Without virtio headers, the frames of the switch can be put on the link as they are.
    ...['-netdev', `tap,id=net0,ifname=${spec.nic.tap},script=no,downscript=no,vnet_hdr=off`],
    ...['-device', `${spec.nic.model},id=nic0,netdev=net0,mac=${spec.nic.mac},bootindex=${index}${rom}`],
    ...['-chardev', `socket,id=lldp0,path=${quoted(places.lldp)},server=on,wait=off`],
    ...['-object', 'filter-redirector,id=lldp,netdev=net0,queue=tx,indev=lldp0'],
    ...capture,
  ];
}

function drive(disk: DiskSpec, path: string, id: string): string {
  // unsafe: nothing is lost while the host is up, also when QEMU is killed; installs are much faster. Zeros are not kept,
  // so that a disk that is overwritten does not fill the host's.
  const common = `id=${id},if=none,cache=unsafe,discard=unmap,detect-zeroes=unmap`;
  if (!disk.failsWrites) return `${common},format=qcow2,file=${quoted(path)}`;
  const fault = 'inject-error.0.event=write_aio,inject-error.0.errno=5,inject-error.0.immediately=off';
  return `${common},driver=blkdebug,image.driver=qcow2,image.file.driver=file,image.file.filename=${quoted(path)},${fault}`;
}

const diskDevices = { virtio: 'virtio-blk-pci', nvme: 'nvme', ahci: 'ide-hd' } as const;

function storage(spec: MachineSpec, places: VmPaths, rank: (device: string) => number): string[] {
  const controller = spec.disks.some(({ kind }) => kind === 'ahci') ? ['-device', 'ich9-ahci,id=ahci'] : [];
  const devices = spec.disks.flatMap((disk, index) => {
    const id = `disk${index}`;
    const bus = disk.kind === 'ahci' ? `,bus=ahci.${index}` : '';
    const place = `drive=drive${index},serial=${disk.serial},bootindex=${rank(id)}${bus}`;
    const file = drive(disk, places.disk(disk.name), `drive${index}`);
    return ['-drive', file, '-device', `${diskDevices[disk.kind]},id=${id},${place}`];
  });
  return [...controller, ...devices];
}

function extras(spec: MachineSpec, places: VmPaths): string[] {
  const watchdog = ['-device', 'i6300esb', '-action', 'watchdog=reset'];
  const tpm = [
    ...['-chardev', `socket,id=tpm0,path=${quoted(places.tpm)}`, '-tpmdev', 'emulator,id=tpmdev0,chardev=tpm0'],
    ...['-device', spec.firmware === 'uefi' ? 'tpm-crb,tpmdev=tpmdev0' : 'tpm-tis,tpmdev=tpmdev0'],
  ];
  return [...(spec.watchdog ? watchdog : []), ...(spec.tpm ? tpm : [])];
}

/** QEMU's arguments. The machine starts stopped, so that its monitor can be attached before anything happens. */
export function qemuArguments(
  spec: MachineSpec,
  places: VmPaths,
  host: { readonly accelerator: QemuAccelerator; readonly uefi: UefiFirmware | null },
  target: VmBootTarget,
): string[] {
  const order = bootDevices(spec, target);
  const rank = (device: string) => order.indexOf(device) + 1;
  return [
    ...['-name', `farrier-${spec.id}`, ...acceleration(host.accelerator)],
    ...board(spec.firmware === 'uefi' ? host.uefi : null, places),
    ...['-m', String(spec.memoryMib), '-smp', String(spec.cpus)],
    ...['-display', 'none', '-nodefaults', '-no-user-config', '-rtc', 'base=utc', '-S'],
    ...smbios(spec),
    ...['-device', 'virtio-rng-pci'],
    ...network(spec, places, rank('nic0')),
    ...storage(spec, places, rank),
    ...extras(spec, places),
    ...['-chardev', `file,id=serial0,path=${quoted(places.serialLog)},append=on`, '-serial', 'chardev:serial0'],
    ...['-qmp', `unix:${quoted(places.qmp)},server=on,wait=off`],
  ];
}
