import { describe, expect, test } from 'vitest';
import { optionOf, reordered } from '../../redfish/bootorder.ts';

describe('an entry of the boot order (R-14)', () => {
  // As recorded controllers show them: Dell, HPE, NVIDIA and Supermicro, of which the last gives no path.
  test.each([
    [{ UefiDevicePath: 'PciRoot(0xB)/Pci(0x3,0x0)/NVMe(0x1,01-CA)/HD(1,GPT,94E38211)' }, 'disk'],
    [{ UefiDevicePath: 'PciRoot(0xF)/Pci(0x1,0x0)/Ctrl(0x0)/Scsi(0xEF,0x0)' }, 'disk'],
    [{ UefiDevicePath: 'PciRoot(0x2)/Pci(0x1,0x0)/MAC(58A2E10396F2,0x1)/IPv4(0.0.0.0)' }, 'pxe'],
    [{ UefiDevicePath: 'PciRoot(0x2)/Pci(0x1,0x0)/MAC(58A2E10396F2,0x1)/IPv4(0.0.0.0)/Uri()' }, 'http'],
    [{ UefiDevicePath: 'UsbClass(0xFFFF,0xFFFF,0xFF,0xFF,0xFF)' }, 'usb'],
    [{ UefiDevicePath: 'VenHw(986D1755)', DisplayName: 'HTTP Device 1: NIC in Slot 5 Port 1' }, 'http'],
    [{ DisplayName: '(B101/D0/F0) UEFI PXE IPv4 Nvidia Network Adapter - 94:6D:AE:91:67:6A' }, 'pxe'],
    [{ DisplayName: 'UEFI HTTPv6 (MAC:EEA3AB6B5303)' }, 'http'],
    [{ Alias: 'UefiHttp', DisplayName: 'something' }, 'http'],
    [{ DisplayName: 'UEFI Shell', UefiDevicePath: 'Fv(9AEF2E52)/FvFile(7C04A583)' }, null],
    [{}, null],
    // the device path and the alias tell; the name is what is left.
    [{ UefiDevicePath: 'PciRoot(0x0)/Pci(0x3,0x0)/MAC(0250AA,0x1)', DisplayName: 'Network' }, 'pxe'],
    [{ UefiDevicePath: 'BBS(Network,IBA GE Slot 0100)', DisplayName: 'Boot device 1' }, 'pxe'],
    [{ UefiDevicePath: 'BBS(HD,P0: Disk)', DisplayName: 'Boot device 2' }, 'disk'],
    [{ UefiDevicePath: 'BBS(CDROM,P1: DVD)', DisplayName: 'x' }, 'cd'],
    [{ UefiDevicePath: 'PciRoot(0x0)/Pci(0x14,0x0)/USB(0x1,0x0)/HD(1,MBR,0x1)', DisplayName: 'x' }, 'usb'],
    [{ UefiDevicePath: 'PciRoot(0x0)/Pci(0x14,0x0)/USB(0x1,0x0)/MAC(02AA,0x1)/IPv4(0.0.0.0)' }, 'pxe'],
    [{ UefiDevicePath: 'PciRoot(0x0)/eMMC(0x0)', DisplayName: 'Network' }, 'disk'],
    [{ UefiDevicePath: 'PciRoot(0x0)/Sata(0x0,0xFFFF,0x0)', DisplayName: 'PXE OS of Tuesday' }, 'disk'],
    [{ Alias: 'Pxe', DisplayName: 'HardDisk 1' }, 'pxe'],
    [{ Alias: 'Hdd', DisplayName: 'Network' }, 'disk'],
    [{ Alias: 'None', DisplayName: 'Network' }, 'pxe'],
    [{ DisplayName: 'Network' }, 'pxe'],
    [{ DisplayName: 'HardDisk' }, 'disk'],
    [{ Name: 'HardDisk' }, 'disk'],
  ])('like %j boots from %s', (option, kind) => {
    expect(optionOf(option).kind).toBe(kind);
  });
});

test('what is wanted comes first, and nothing is lost or added', () => {
  const options = (['disk', 'pxe', 'http', null] as const).map((kind, index) => ({
    reference: `Boot000${index}`,
    kind,
  }));
  const order = ['Boot0003', 'Boot0000', 'Boot0002', 'Boot0001', 'Boot0009'];
  expect(reordered(order, options, 'network')).toEqual(['Boot0002', 'Boot0001', 'Boot0003', 'Boot0000', 'Boot0009']);
  expect(reordered(order, options, 'disk')).toEqual(['Boot0000', 'Boot0003', 'Boot0002', 'Boot0001', 'Boot0009']);
  expect(reordered(order, options, 'usb')).toBeNull();
});

test('R-14: an order of aliases is one of targets', () => {
  expect(reordered(['Hdd', 'Pxe', 'Usb'], [], 'network')).toEqual(['Pxe', 'Hdd', 'Usb']);
});
