import type { BoardObserved } from '../../domain/identity/board.ts';
import type { Session } from '../session.ts';
import type { SystemReading } from '../system.ts';
import { identityOf, known, macOfText } from './identity.ts';
import { caseOf, mainChassis, readLayout } from './layout.ts';
import { readHostMacs } from './macs.ts';
import { openReader, throwPassing } from './reader.ts';

/** All by which a machine may be known again, of the system, its case, its ports and its controller. */
export type BoardReading = Omit<BoardObserved, 'key'>;

/** Reads who is behind a controller. Locally administered MACs are in it: whoever compares knows which one boots. */
export async function readBoard(session: Session, { path }: SystemReading): Promise<BoardReading> {
  const reader = await openReader(session);
  const layout = await readLayout(reader, path);
  const { host, managers } = layout;
  const macs = await readHostMacs(reader, host, async () => layout.chassis);
  const own = (await Promise.all(managers.map((manager) => reader.members(manager.EthernetInterfaces)))).flat();
  throwPassing(reader.gaps);
  const { uuid, serial, boardSerial, chassisSerial, sku } = identityOf(host, caseOf(layout));
  const cases = mainChassis(layout).map((chassis) => known(chassis.SerialNumber));
  const macOf = (port: (typeof own)[number]) => macOfText(port.PermanentMACAddress) ?? macOfText(port.MACAddress) ?? [];
  const present = (list: readonly (string | null)[]) => [...new Set(list.filter((one) => one !== null))];
  return {
    uuid,
    serial,
    boardSerial,
    serials: present([serial, boardSerial, chassisSerial, sku, known(host.SerialNumber), ...cases]),
    macs,
    bmcMacs: present(own.flatMap(macOf)),
  };
}
