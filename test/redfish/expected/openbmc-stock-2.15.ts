import { chassisRows, type Expected, firmware } from './shape.ts';

/** A board that is off and has told its controller nothing yet: everything is read, and nothing is known. */
export const expectedOpenbmc: Expected = {
  system: {
    path: '/redfish/v1/Systems/system',
    power: 'Off',
    health: 'OK',
    biosVersion: null,
    memoryGib: null,
    hostname: null,
  },
  identity: {
    vendor: null,
    product: null,
    serial: null,
    boardSerial: null,
    chassisSerial: null,
    sku: null,
    uuid: null,
    assetTag: null,
  },
  cpus: [],
  dimms: [],
  emptyDimmSlots: [],
  accelerators: [],
  drives: [],
  adapters: [],
  nics: [],
  supplies: [],
  fans: [],
  chassis: chassisRows(['chassis', 'RackMount', null, null, null, null]),
  // Its address is a random one, which is locally administered.
  controllers: [
    {
      id: 'bmc',
      main: true,
      model: 'OpenBmc',
      firmware: '2.15.0-dev-686-g100c36de90',
      uuid: '8e7365a4-ec9c-4e2d-be63-cf771c45267d',
      macs: [],
      state: 'Enabled',
    },
  ],
  firmware: firmware([], ['5d0869c4', 'Software Inventory', '2.15.0-dev-686-g100c36de90', true]),
};
