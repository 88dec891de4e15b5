import { chassisRows, type Expected, fans, firmware, supplies } from './shape.ts';

const dimm = { mib: 32768, type: 'DDR4', manufacturer: null, partNumber: null, serial: null, mhz: null, health: 'OK' };
const drive = {
  manufacturer: 'Contoso',
  serial: null,
  media: null,
  protocol: null,
  revision: null,
  state: 'Enabled',
};
const nic = { universal: false, kind: null, adapter: null };

export const expectedDmtf: Expected = {
  system: {
    path: '/redfish/v1/Systems/437XR1138R2',
    power: 'On',
    health: 'OK',
    biosVersion: 'P79 v1.45 (12/06/2017)',
    memoryGib: 96,
    hostname: 'web483',
  },
  identity: {
    vendor: 'Contoso',
    product: '3500',
    serial: '437XR1138R2',
    boardSerial: null,
    chassisSerial: '437XR1138R2',
    sku: '8675309',
    uuid: '38947555-7742-3448-3784-823347823834',
    assetTag: 'Chicago-45Z-2381',
  },
  // The second socket is empty.
  cpus: [
    {
      socket: 'CPU 1',
      manufacturer: 'Intel(R) Corporation',
      model: 'Multi-Core Intel(R) Xeon(R) processor 7xxx Series',
      cores: 8,
      threads: 16,
      maxMhz: 3700,
      health: 'OK',
    },
  ],
  dimms: [
    { ...dimm, slot: 'DIMM Slot 1' },
    { ...dimm, slot: 'DIMM Slot 2' },
    { ...dimm, slot: 'DIMM Slot 3' },
  ],
  emptyDimmSlots: ['DIMM Slot 4'],
  accelerators: [
    {
      id: 'FPGA1',
      kind: 'FPGA',
      slot: null,
      manufacturer: 'Intel(R) Corporation',
      model: 'Stratix 10',
      serial: null,
      partNumber: null,
      firmware: 'Blue v.1.00.86',
      health: 'OK',
    },
  ],
  drives: [
    { ...drive, slot: 'SATA Bay 1', model: '3000GT8', bytes: 8000000000000, health: 'OK' },
    { ...drive, slot: 'SATA Bay 2', model: '3000GT7', bytes: 4000000000000, health: 'Warning' },
  ],
  adapters: [],
  // All are locally administered; VLAN1 is on the first one, and the second one's own address counts, not the one set.
  nics: [
    { ...nic, name: '12446A3B0411', mac: '12:44:6a:3b:04:11', link: 'up', mbps: 1000 },
    { ...nic, name: '12446A3B8890', mac: '12:44:6a:3b:88:90', link: 'up', mbps: 1000 },
    { ...nic, name: 'ToManager', mac: 'aa:bb:cc:dd:ee:fe', link: null, mbps: 100 },
  ],
  // The second bay is empty.
  supplies: supplies(
    {
      manufacturer: 'Contoso Power',
      model: 'RKS-440DC',
      watts: 400,
      firmware: '1.00',
      state: 'Enabled',
      health: 'Warning',
    },
    ['Power Supply Bay 1', '3488247'],
  ),
  fans: fans(
    ['Fan Bay 1', 2200, 45],
    ['Fan Bay 2', 2400, 45],
    ['Fan for CPU 1', null, 45],
    ['Fan for CPU 2', 1490, 45],
  ),
  chassis: chassisRows(['1U', 'RackMount', 'Contoso', '3500RX', '437XR1138R2', '224071-J23']),
  // One of its addresses is a group address, the other locally administered.
  controllers: [
    {
      id: 'BMC',
      main: true,
      model: 'Joo Janta 200',
      firmware: '1.45.455b66-rev4',
      uuid: '58893887-8974-2487-2389-841168418919',
      macs: [],
      state: 'Enabled',
    },
  ],
  firmware: firmware(
    [],
    ['BIOS', 'Contoso BIOS Firmware', 'P79 v1.45', true],
    ['BMC', 'Contoso BMC Firmware', '1.45.455b66-rev4', true],
    ['SS', 'Contoso Simple Storage Firmware', '2.50', true],
  ),
};
