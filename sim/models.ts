/** Server models that the simulator knows: invented figures of the size that such servers have. */
export interface DiskModel {
  readonly name: string;
  readonly model: string;
  readonly bytes: number;
  readonly rotational: boolean;
  /** Sequential reading, MB/s. */
  readonly speed: number;
}

export interface Model {
  readonly vendor: string;
  readonly product: string;
  readonly sku: string;
  readonly firmware: 'bios' | 'uefi';
  readonly biosVersion: string;
  readonly cpu: { readonly model: string; readonly sockets: number; readonly cores: number; readonly threads: number };
  readonly dimms: { readonly count: number; readonly mib: number; readonly part: string; readonly speed: number };
  readonly disks: readonly DiskModel[];
  readonly nic: { readonly driver: string; readonly speed: number; readonly count: number };
  /** Copying in memory, MB/s. */
  readonly memorySpeed: number;
  readonly accelerators: readonly { readonly pci: string; readonly vendor: string; readonly device: string }[];
  readonly tpm: boolean;
}

const nvme = (name: string): DiskModel => ({
  name,
  model: 'SIM NVME 1T92',
  bytes: 1_920_383_410_176,
  rotational: false,
  speed: 3200,
});

const platter = (name: string): DiskModel => ({
  name,
  model: 'SIM SAS 18T',
  bytes: 18_000_207_937_536,
  rotational: true,
  speed: 260,
});

export const models = {
  compute: {
    vendor: 'Simulated',
    product: 'SC-100 Compute',
    sku: 'SC100-C',
    firmware: 'uefi',
    biosVersion: '2.4.1',
    cpu: { model: 'Simulated CPU 32 cores', sockets: 2, cores: 32, threads: 64 },
    dimms: { count: 8, mib: 32_768, part: 'SIM32G-4800', speed: 4800 },
    disks: [nvme('nvme0n1'), nvme('nvme1n1')],
    nic: { driver: 'mlx5_core', speed: 25_000, count: 2 },
    memorySpeed: 180_000,
    accelerators: [],
    tpm: true,
  },
  storage: {
    vendor: 'Simulated',
    product: 'SS-200 Storage',
    sku: 'SS200-S',
    firmware: 'uefi',
    biosVersion: '1.9.0',
    cpu: { model: 'Simulated CPU 16 cores', sockets: 1, cores: 16, threads: 32 },
    dimms: { count: 8, mib: 16_384, part: 'SIM16G-4800', speed: 4800 },
    disks: [nvme('nvme0n1'), ...'abcdefgh'.split('').map((letter) => platter(`sd${letter}`))],
    nic: { driver: 'ice', speed: 25_000, count: 2 },
    memorySpeed: 110_000,
    accelerators: [],
    tpm: true,
  },
  legacy: {
    vendor: 'Simulated',
    product: 'SL-10 Legacy',
    sku: 'SL10-L',
    firmware: 'bios',
    biosVersion: '0.8.7',
    cpu: { model: 'Simulated CPU 8 cores', sockets: 1, cores: 8, threads: 16 },
    dimms: { count: 4, mib: 8192, part: 'SIM8G-2666', speed: 2666 },
    disks: [{ name: 'sda', model: 'SIM SATA 480', bytes: 480_103_981_056, rotational: false, speed: 520 }],
    nic: { driver: 'ixgbe', speed: 10_000, count: 2 },
    memorySpeed: 40_000,
    accelerators: [],
    tpm: false,
  },
} satisfies Record<string, Model>;
