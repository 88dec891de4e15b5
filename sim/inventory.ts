import type { AgentRecord } from '../contract/records.ts';
import { dimmSerial, dimmSlot, presentDisks } from './burnin.ts';
import { type Fault, findFault } from './faults.ts';
import { bmcMacOf, type Hardware, macOf, type Neighbour, neighbourOf } from './hardware.ts';
import type { DiskState } from './state.ts';

export interface AgentView {
  readonly hardware: Hardware;
  readonly faults: readonly Fault[];
  readonly disks: Readonly<Record<number, DiskState>>;
  readonly bmcAddress: string | null;
  /** Place of another machine, for a cable in the wrong port. */
  readonly placeOf: (machine: string) => Pick<Hardware, 'rack' | 'rackId' | 'unit'> | undefined;
}

type Fields = Record<string, string | number | undefined>;

function record(kind: string, fields: Fields): AgentRecord {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { kind, fields: Object.fromEntries(given.map(([key, value]) => [key, String(value)])) };
}

/** The records of `POST /agent/inventory`, as docs/agent.md lists them. */
export function inventoryRecords(seen: AgentView): AgentRecord[] {
  const { hardware, faults } = seen;
  const records = [
    ...systemRecords(hardware),
    ...presentDisks(hardware, faults).map(({ disk, index, serial }) => diskRecord(seen, { ...disk, serial }, index)),
    ...Array.from({ length: hardware.model.nic.count }, (_, card) => nicRecord(hardware, card)),
    ...(seen.bmcAddress ? [record('bmc', { address: seen.bmcAddress, mac: bmcMacOf(hardware) })] : []),
    lldpRecord(seen),
  ];
  return findFault(faults, 'nonsense-inventory') ? records.map(spoil) : records;
}

function systemRecords(hardware: Hardware): AgentRecord[] {
  const { model, serial, uuid } = hardware;
  const { cpu, dimms } = model;
  return [
    record('system', {
      vendor: model.vendor,
      product: model.product,
      serial,
      uuid,
      sku: model.sku,
      board_serial: `${serial}B`,
      bios_version: model.biosVersion,
      firmware: model.firmware,
    }),
    ...Array.from({ length: cpu.sockets }, (_, socket) =>
      record('cpu', { socket, model: cpu.model, cores: cpu.cores, threads: cpu.threads }),
    ),
    record('memory', { mib: dimms.count * dimms.mib }),
    ...Array.from({ length: dimms.count }, (_, index) =>
      record('dimm', {
        slot: dimmSlot(index),
        mib: dimms.mib,
        serial: dimmSerial(hardware, index),
        part: dimms.part,
        speed: dimms.speed,
      }),
    ),
    ...model.accelerators.map(({ pci, vendor, device }) => record('accelerator', { pci, vendor, device })),
    record('watchdog', { name: 'simwd', timeout: 60 }),
    ...(model.tpm ? [record('tpm', { version: 2, pcr0: '0'.repeat(64), pcr4: '4'.repeat(64) })] : []),
  ];
}

function diskRecord(
  seen: AgentView,
  disk: { name: string; model: string; bytes: number; rotational: boolean; serial: string },
  index: number,
): AgentRecord {
  const { name, model, bytes, serial } = disk;
  const state = seen.disks[index];
  return record('disk', {
    name,
    serial,
    model,
    bytes,
    rotational: disk.rotational ? 1 : 0,
    content: state?.content ?? 'blank',
    mark: state?.mark,
  });
}

function nicRecord(hardware: Hardware, card: number): AgentRecord {
  const { driver, speed } = hardware.model.nic;
  const cabled = card === 0;
  return record('nic', {
    name: nicName(card),
    mac: macOf(hardware, card),
    driver,
    pci: `0000:${card + 16}:00.0`,
    speed: cabled ? speed : undefined,
    carrier: cabled ? 1 : 0,
  });
}

export function nicName(card: number): string {
  return `eth${card}`;
}

/** What the switch at the other end says; a fault plugs the cable elsewhere. */
export function lldpNeighbour({ hardware, faults, placeOf }: Omit<AgentView, 'disks' | 'bmcAddress'>): Neighbour {
  const wrong = findFault(faults, 'wrong-port');
  const duplicate = findFault(faults, 'duplicate-slot');
  const place = (duplicate && placeOf(duplicate.of)) ?? hardware;
  const neighbour = neighbourOf(place);
  return wrong ? { ...neighbour, port: wrong.port, description: '' } : neighbour;
}

function lldpRecord(seen: AgentView): AgentRecord {
  const { chassis, port, description, system } = lldpNeighbour(seen);
  return record('lldp', { nic: nicName(0), chassis, port, port_description: description, system });
}

/** Figures that no hardware has: a parser that believes them would store them. */
function spoil({ kind, fields }: AgentRecord): AgentRecord {
  const nonsense: Record<string, string> = {
    mib: '-17',
    bytes: '9e99',
    cores: 'many',
    serial: '\u0007\n$(oops)',
    mac: 'ff:ff:ff:ff:ff:ff',
  };
  return {
    kind,
    fields: Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, nonsense[key] ?? value])),
  };
}
