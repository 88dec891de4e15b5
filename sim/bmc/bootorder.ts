import { macOf } from '../hardware.ts';
import { diskOption } from '../system.ts';
import type { Controller } from './controller.ts';
import { collection, type Make } from './document.ts';
import { empty, type Reply, wrongValue } from './reply.ts';

const path = '/Systems/1/BootOptions';
/** As firmware numbers them: the network card by PXE and by HTTP, then the disk. */
const options = ['Boot0000', 'Boot0001', diskOption] as const;

export function orderOf({ machine }: Controller): readonly string[] {
  return machine.state.bootOrder ?? options;
}

export const bootOptions: Make = ({ personality }) =>
  personality.boot.order
    ? collection(
        'BootOption',
        'Boot options',
        options.map((name) => `${path}/${name}`),
      )
    : undefined;

export const bootOption =
  (id: string): Make =>
  ({ hardware, personality }) => {
    const card = macOf(hardware).replaceAll(':', '').toUpperCase();
    const shown = {
      Boot0000: ['UEFI PXE IPv4', `PciRoot(0x0)/Pci(0x1,0x0)/MAC(${card},0x1)/IPv4(0.0.0.0)`],
      Boot0001: ['UEFI HTTP IPv4', `PciRoot(0x0)/Pci(0x1,0x0)/MAC(${card},0x1)/IPv4(0.0.0.0)/Uri()`],
      [diskOption]: ['UEFI OS', 'PciRoot(0x0)/Pci(0x2,0x0)/NVMe(0x1,00-00-00-00-00-00-00-00)'],
    }[id];
    if (!personality.boot.order || !shown) return undefined;
    return {
      '@odata.type': '#BootOption.v1_0_6.BootOption',
      Id: id,
      Name: shown[0],
      BootOptionReference: id,
      DisplayName: shown[0],
      UefiDevicePath: shown[1],
      BootOptionEnabled: true,
    };
  };

/** Only another order of the same is taken. */
export function writeOrder({ machine }: Controller, given: unknown): Reply {
  const order: unknown[] = Array.isArray(given) ? given : [];
  const same = order.length === options.length && options.every((one) => order.includes(one));
  if (!same) return wrongValue(JSON.stringify(given), 'BootOrder');
  machine.state.bootOrder = order.map(String);
  machine.note('boot-order', { order, by: 'bmc' });
  machine.changed();
  return empty;
}
