import type { BootOptionRule } from './personality.ts';

/** Boot options as firmware of each family words them, first to last; recorded ones, or Lenovo's as others recorded. */
const bare = (mac: string) => mac.replaceAll(':', '').toUpperCase();
const card = (mac: string) => `PciRoot(0x0)/Pci(0x1,0x0)/MAC(${bare(mac)},0x1)`;
const ipv4 = (mac: string) => `${card(mac)}/IPv4(0.0.0.0)`;
const nvme = 'PciRoot(0x0)/Pci(0x2,0x0)/NVMe(0x1,00-00-00-00-00-00-00-00)';
const system = 'HD(1,GPT,6634D938-1211-4F7A-89C6-A35A60BE1E4A,0x800,0x219800)/\\EFI\\BOOT\\BOOTX64.EFI';

type Shown = BootOptionRule['shown'];
const option = (kind: BootOptionRule['kind'], reference: string, shown: Shown, id = reference): BootOptionRule => ({
  kind,
  id,
  reference,
  shown,
});

function words(name: string, path: string, enabled = true) {
  return { Name: name, DisplayName: name, UefiDevicePath: path, ...(enabled && { BootOptionEnabled: true }) };
}

/** Dell names all alike, and the path of a network device says nothing. */
const dellWords = (name: string, path: string) => ({ ...words(name, path), Name: 'Uefi Boot Option' });
export const dellOptions: readonly BootOptionRule[] = [
  option('network', 'Boot0000', () =>
    dellWords('PXE Device 1: Integrated NIC 1 Port 1 Partition 1', 'VenHw(3A191845-5F86-4E78-8FCE-C4CFF59F9DAA)'),
  ),
  option('network', 'Boot0001', () =>
    dellWords('HTTP Device 1: Integrated NIC 1 Port 1 Partition 1', 'VenHw(986D1755-B9D0-4F8D-A0DA-D1DB18672045)'),
  ),
  option('disk', 'Boot0002', () => dellWords('PCIe SSD in Slot 2 in Bay 1: EFI Fixed Disk Boot Device 1', `${nvme}`)),
];

/** HPE numbers the resources by themselves. */
const hpeWords = (name: string, path: string) => ({ ...words(name, path, false), Name: 'Boot Option', Alias: 'None' });
export const hpeOptions: readonly BootOptionRule[] = [
  option('network', 'Boot0011', (mac) => hpeWords(hpeCard(mac, '(PXE IPv4)'), ipv4(mac)), '1'),
  option('network', 'Boot0012', (mac) => hpeWords(hpeCard(mac, '(HTTP(S) IPv4)'), `${ipv4(mac)}/Uri()`), '2'),
  option('disk', 'Boot0016', () => hpeWords('Ubuntu', system), '3'),
  option('other', 'Boot000E', () => hpeWords('Generic USB Boot', 'UsbClass(0xFFFF,0xFFFF,0xFF,0xFF,0xFF)'), '4'),
];

function hpeCard(mac: string, way: string): string {
  return `Slot 2 Port 1 : Nvidia Network Adapter - ${mac.toUpperCase()} ${way}`;
}

/** Supermicro gives no path: only the display name tells. */
const supermicroWords = (name: string) => ({ Name: 'Boot Option', DisplayName: name, BootOptionEnabled: true });
export const supermicroOptions: readonly BootOptionRule[] = [
  option('network', 'Boot0019', (mac) =>
    supermicroWords(`(B26/D0/F0) UEFI PXE IPv4 Nvidia Network Adapter - ${mac.toUpperCase()} - ${bare(mac)}`),
  ),
  option('disk', 'Boot0017', () => supermicroWords('UEFI Hard Disk:ubuntu')),
  option('other', 'Boot0018', () => supermicroWords('UEFI: Built-in EFI Shell')),
];

const nvidiaWords = (reference: string, name: string, path: string) => ({ ...words(name, path), Name: reference });
export const nvidiaOptions: readonly BootOptionRule[] = [
  option('network', 'Boot0003', (mac) => nvidiaWords('Boot0003', `UEFI PXEv4 (MAC:${bare(mac)})`, ipv4(mac))),
  option('network', 'Boot0005', (mac) =>
    nvidiaWords('Boot0005', `UEFI HTTPv4 (MAC:${bare(mac)})`, `${ipv4(mac)}/Uri()`),
  ),
  option('disk', 'Boot0002', () => nvidiaWords('Boot0002', 'UEFI SIM NVME 1T92 1', nvme)),
];

/** Lenovo boots from classes of devices; paths are written with `_` for whatever a name can't hold. */
const lenovoWords = (name: string, path: string) => words(name, path, false);
const lenovoClass = (number: number) => `VenHw_B2AD3248_4F72_4950_A966_CFE5062DB83A_0${number}000000`;
export const lenovoOptions: readonly BootOptionRule[] = [
  option('network', 'Boot0003', () => lenovoWords('Network', lenovoClass(5))),
  option('other', 'Boot0001', () => lenovoWords('CD_DVDRom', lenovoClass(2))),
  option('disk', 'Boot0002', () => lenovoWords('HardDisk', lenovoClass(1))),
];
