import { z } from 'zod';
import type { AgentRecord } from '../../contract/records.ts';
import type { DimmFact, Inventory, NicFact } from '../../domain/agent.ts';
import { nameDisks, type ReportedDisk } from './disks.ts';
import { type Reading, readOnly, readRecord } from './facts.ts';
import {
  chassisField,
  content,
  lenientFlag,
  macField,
  numberField,
  optionalFigure,
  optionalMark,
  optionalSerial,
  optionalText,
  optionalUuid,
  requiredText,
} from './fields.ts';

// Bounds that no machine of today reaches, and every nonsense does.
const maxMib = 256 * 1024 * 1024;
const maxBytes = 2 ** 52;

const system = z
  .object({
    vendor: optionalText,
    product: optionalText,
    serial: optionalSerial,
    uuid: optionalUuid,
    sku: optionalSerial,
    board_serial: optionalSerial,
    bios_version: optionalText,
    firmware: z.enum(['bios', 'uefi']).optional().catch(undefined),
  })
  .transform(({ board_serial, bios_version, firmware, ...rest }) => ({
    ...rest,
    boardSerial: board_serial,
    biosVersion: bios_version,
    firmware: firmware ?? null,
  }));

const cpu = z.object({
  socket: numberField(0, 1023),
  model: optionalText.transform((text) => text ?? 'unknown'),
  cores: numberField(1, 4096),
  threads: numberField(1, 16_384),
});

const memory = z.object({ mib: numberField(1, maxMib) });

const dimm = z
  .object({
    slot: requiredText,
    mib: numberField(0, maxMib),
    serial: optionalSerial,
    part: optionalSerial,
    speed: optionalFigure,
  })
  .transform(({ part, speed, ...rest }) => ({ ...rest, partNumber: part, speedMts: speed }));

const disk: z.ZodType<ReportedDisk> = z
  .object({
    name: requiredText,
    serial: optionalSerial,
    wwid: optionalSerial,
    nguid: optionalSerial,
    eui: optionalSerial,
    hidden: lenientFlag,
    model: optionalText,
    bytes: numberField(0, maxBytes),
    rotational: lenientFlag,
    content,
    mark: optionalMark,
  })
  .transform(({ hidden, rotational, ...fact }) => ({
    ...fact,
    hidden: hidden ?? false,
    rotational: rotational ?? false,
    mark: fact.content === 'farrier' ? fact.mark : null,
  }));

const nic = z
  .object({
    name: requiredText,
    mac: macField,
    driver: optionalText,
    pci: optionalText,
    speed: optionalFigure,
    carrier: lenientFlag,
  })
  .transform(({ speed, ...rest }) => ({ ...rest, speedMbps: speed }));

const lldp = z.object({
  nic: requiredText,
  chassis: chassisField,
  port: optionalText,
  port_subtype: optionalText,
  port_description: optionalText,
  system: optionalText,
});
const accelerator = z.object({ pci: requiredText, vendor: requiredText, device: requiredText });
const bmc = z.object({ address: optionalText, mac: macField.optional().transform((value) => value ?? null) });
const watchdog = z.object({ name: requiredText });
const tpm = z.object({ version: requiredText });
/** Storage that the agent did not take for a disk, and why; `unproven` where data may be on it. */
const omitted = z.object({ name: requiredText, reason: requiredText, unproven: lenientFlag });

/**
 * Reads the inventory in a body. One odd part is left out and reported in `leftOut`, and the rest is taken; `unreadable`
 * are lines that were no records. Refuses, naming the record, only what can't be a machine: no system, no memory, no
 * processor or no NIC that could be read.
 */
export function parseInventory(
  records: readonly AgentRecord[],
  unreadable: readonly string[] = [],
): Reading<Inventory> {
  const system_ = readOnly(system, records, 'system');
  if (!system_.ok) return system_;
  const memory_ = readOnly(memory, records, 'memory');
  if (!memory_.ok) return memory_;
  const parts = readParts(records, [...unreadable]);
  const fact: Inventory = { system: system_.fact, memoryMib: memory_.fact.mib, ...parts };
  const missing = findMissing(fact);
  return missing === null ? { ok: true, fact } : { ok: false, reason: [missing, ...(fact.leftOut ?? [])].join('; ') };
}

function findMissing({ cpus, nics }: Inventory): string | null {
  if (cpus.length === 0) return 'there is no cpu record: a machine has at least one';
  return nics.length === 0 ? 'there is no nic record: the machine booted by network' : null;
}

/** Reads the records of a kind, each by itself. */
type ReadKind = <T>(schema: z.ZodType<T>, kind: string) => T[];

function readParts(records: readonly AgentRecord[], leftOut: string[]): Omit<Inventory, 'system' | 'memoryMib'> {
  const unseen: string[] = [];
  const all: ReadKind = (schema, kind) =>
    records
      .filter((record) => record.kind === kind)
      .flatMap((record, index) => {
        const reading = readRecord(schema, record, placeOf(record, index));
        if (reading.ok) return [reading.fact];
        const why = `${reading.reason}: left out`;
        leftOut.push(why);
        if (kind === 'disk') unseen.push(why);
        return [];
      });
  const disks = nameDisks(all(disk, 'disk'));
  leftOut.push(...disks.leftOut);
  return {
    cpus: single(all(cpu, 'cpu'), ({ socket }) => `cpu in socket ${socket}`, leftOut),
    // Firmware lists empty slots as DIMMs of no size.
    dimms: nameSlots(all(dimm, 'dimm').filter(({ mib }) => mib > 0)),
    disks: disks.disks,
    nics: readNics(records, all, leftOut),
    accelerators: single(all(accelerator, 'accelerator'), ({ pci }) => `accelerator ${pci}`, leftOut),
    bmc: readBmc(records, leftOut),
    watchdog: all(watchdog, 'watchdog')[0]?.name ?? null,
    tpm: all(tpm, 'tpm')[0]?.version ?? null,
    unseen: [...unseen, ...disks.leftOut, ...all(omitted, 'omitted').flatMap(describeOmitted)],
    leftOut,
  };
}

function describeOmitted({ name, reason, unproven }: z.infer<typeof omitted>): string[] {
  return unproven === false ? [] : [`${name}: ${reason}`];
}

/** `nic 2 (eth1)`: by place and by whatever names it. */
function placeOf({ kind, fields }: AgentRecord, index: number): string {
  const name = fields['name'] ?? fields['slot'] ?? fields['pci'] ?? fields['nic'] ?? '';
  return `${kind} ${index + 1}${name === '' ? '' : ` (${name.slice(0, 40)})`}`;
}

/** The first of each; a second one in the same place cannot be. */
function single<T>(parts: readonly T[], describe: (part: T) => string, leftOut: string[]): T[] {
  const seen = new Set<string>();
  return parts.filter((part) => {
    const name = describe(part);
    if (seen.has(name)) leftOut.push(`${name} is given twice: the second is left out`);
    return !seen.has(name) && seen.add(name);
  });
}

/** A controller whose MAC cannot be read may still have an address. */
function readBmc(records: readonly AgentRecord[], leftOut: string[]): Inventory['bmc'] {
  const record = records.find(({ kind }) => kind === 'bmc');
  if (!record) return null;
  const reading = readRecord(bmc, record);
  if (reading.ok) return reading.fact;
  leftOut.push(`${reading.reason}: its MAC is left out`);
  const { mac: _, ...rest } = record.fields;
  const without = readRecord(bmc, { ...record, fields: rest });
  return without.ok ? without.fact : null;
}

/** Boards whose firmware calls the slots of every bank alike get numbers behind the name. */
function nameSlots(dimms: readonly DimmFact[]): DimmFact[] {
  const seen = new Map<string, number>();
  return dimms.map((one) => {
    const times = (seen.get(one.slot) ?? 0) + 1;
    seen.set(one.slot, times);
    return times === 1 ? one : { ...one, slot: `${one.slot} #${times}` };
  });
}

// The twenty octets that IP over InfiniBand has for an address: a NIC that neither boots nor carries a MAC.
const infiniband = /^([0-9a-f]{2}:){19}[0-9a-f]{2}$/i;

function readNics(records: readonly AgentRecord[], all: ReadKind, leftOut: string[]): NicFact[] {
  const ports = records.filter(({ kind, fields }) => kind === 'nic' && infiniband.test(fields['mac'] ?? ''));
  const others = new Set(ports.flatMap(({ fields }) => fields['name'] ?? []));
  const neighbours = all(lldp, 'lldp');
  const cards = readCards(records, ports, leftOut);
  for (const { nic: name } of neighbours)
    if (!others.has(name) && !cards.some((one) => one.name === name))
      leftOut.push(`lldp: there is no nic ${name} that could be read: its neighbour is left out`);
  return keepOneOfEach(
    cards.map((one) => attach(one, neighbours)),
    leftOut,
  );
}

function readCards(records: readonly AgentRecord[], ports: readonly AgentRecord[], leftOut: string[]) {
  return records
    .filter((record) => record.kind === 'nic' && !ports.includes(record))
    .flatMap((record, index) => {
      const reading = readRecord(nic, record, placeOf(record, index));
      if (reading.ok) return [reading.fact];
      leftOut.push(`${reading.reason}: left out`);
      return [];
    });
}

function attach(card: z.infer<typeof nic>, neighbours: readonly z.infer<typeof lldp>[]): NicFact {
  const neighbour = neighbours.find(({ nic: name }) => name === card.name);
  return {
    ...card,
    neighbourChassis: neighbour?.chassis ?? null,
    neighbourPort: neighbour?.port ?? null,
    neighbourPortSubtype: neighbour?.port_subtype ?? null,
    neighbourPortDescription: neighbour?.port_description ?? null,
    neighbourName: neighbour?.system ?? null,
  };
}

/** Of cards with one MAC (bond, VLAN, virtual function) the one that heard a switch, else the one on the bus. */
function keepOneOfEach(cards: readonly NicFact[], leftOut: string[]): NicFact[] {
  const worth = (one: NicFact) => (one.neighbourChassis === null ? 0 : 4) + (one.pci ? 2 : 0) + (one.driver ? 1 : 0);
  const kept = new Map<string, NicFact>();
  for (const one of cards) {
    const other = kept.get(one.mac);
    if (!other) {
      kept.set(one.mac, one);
      continue;
    }
    const [better, worse] = worth(one) > worth(other) ? [one, other] : [other, one];
    kept.set(one.mac, better);
    leftOut.push(`nic ${worse.name} has the MAC ${one.mac} of nic ${better.name}: left out`);
  }
  return [...kept.values()];
}
