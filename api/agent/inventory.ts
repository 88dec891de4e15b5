import { z } from 'zod';
import type { DimmFact, DiskFact, Inventory, NicFact } from '../../contract/agent.ts';
import type { AgentRecord } from '../../contract/records.ts';
import { type Reading, readOnly, readRecord } from './facts.ts';
import {
  chassis,
  content,
  flag,
  mac,
  optionalFigure,
  optionalFlag,
  optionalMark,
  optionalSerial,
  optionalText,
  optionalUuid,
  requiredText,
  wholeNumber,
} from './fields.ts';

// Bounds that no machine of today reaches, and every nonsense does.
const mostMib = 256 * 1024 * 1024;
const mostBytes = 2 ** 52;

const system = z
  .object({
    vendor: optionalText,
    product: optionalText,
    serial: optionalSerial,
    uuid: optionalUuid,
    sku: optionalSerial,
    board_serial: optionalSerial,
    bios_version: optionalText,
    firmware: z.enum(['bios', 'uefi'], 'is neither bios nor uefi').optional(),
  })
  .transform(({ board_serial, bios_version, firmware, ...rest }) => ({
    ...rest,
    boardSerial: board_serial,
    biosVersion: bios_version,
    firmware: firmware ?? null,
  }));

const cpu = z.object({
  socket: wholeNumber(0, 1023),
  model: optionalText.transform((text) => text ?? 'unknown'),
  cores: wholeNumber(1, 4096),
  threads: wholeNumber(1, 16_384),
});

const memory = z.object({ mib: wholeNumber(1, mostMib) });

const dimm = z
  .object({
    slot: requiredText,
    mib: wholeNumber(0, mostMib),
    serial: optionalSerial,
    part: optionalSerial,
    speed: optionalFigure,
  })
  .transform(({ part, speed, ...rest }) => ({ ...rest, partNumber: part, speedMts: speed }));

const disk = z
  .object({
    name: requiredText,
    serial: optionalSerial,
    model: optionalText,
    bytes: wholeNumber(0, mostBytes),
    rotational: flag.optional().transform((value) => value ?? false),
    content,
    mark: optionalMark,
  })
  .transform(
    (fact): DiskFact => ({
      ...fact,
      serial: fact.serial ?? `no-serial:${fact.name}`,
      mark: fact.content === 'farrier' ? fact.mark : null,
    }),
  );

const nic = z
  .object({
    name: requiredText,
    mac,
    driver: optionalText,
    pci: optionalText,
    speed: optionalFigure,
    carrier: optionalFlag,
  })
  .transform(({ speed, ...rest }) => ({ ...rest, speedMbps: speed }));

const lldp = z.object({ nic: requiredText, chassis, port: optionalText, system: optionalText });
const accelerator = z.object({ pci: requiredText, vendor: requiredText, device: requiredText });
const bmc = z.object({ address: optionalText, mac: mac.optional().transform((value) => value ?? null) });
const watchdog = z.object({ name: requiredText });
const tpm = z.object({ version: requiredText });

/**
 * Reads the inventory in a body. Refuses, naming the record, what no machine can be: no CPU, no memory, a size below
 * zero, a MAC that isn't one, one serial number or MAC twice, a neighbour of a NIC that is not there.
 */
export function readInventory(records: readonly AgentRecord[]): Reading<Inventory> {
  try {
    const fact = assemble(records);
    const problem = findNonsense(fact);
    return problem ? { ok: false, reason: problem } : { ok: true, fact };
  } catch (error) {
    if (error instanceof Nonsense) return { ok: false, reason: error.message };
    throw error;
  }
}

/** Ends the reading at the first record that is wrong; never leaves this file. */
class Nonsense extends Error {}

function take<T>(reading: Reading<T>): T {
  if (!reading.ok) throw new Nonsense(reading.reason);
  return reading.fact;
}

function assemble(records: readonly AgentRecord[]): Inventory {
  const all = <T>(schema: z.ZodType<T>, kind: string): T[] =>
    records
      .filter(({ fields }) => kind !== 'nic' || !infiniband.test(fields['mac'] ?? ''))
      .filter((record) => record.kind === kind)
      .map((record, index) => take(readRecord(schema, record, `${kind} ${index + 1}`)));
  return {
    system: take(readOnly(system, records, 'system')),
    memoryMib: take(readOnly(memory, records, 'memory')).mib,
    cpus: all(cpu, 'cpu'),
    // Firmware lists empty slots as DIMMs of no size, card readers without a card as disks of none.
    dimms: nameSlots(all(dimm, 'dimm').filter(({ mib }) => mib > 0)),
    disks: all(disk, 'disk').filter(({ bytes }) => bytes > 0),
    nics: attachNeighbours(all(nic, 'nic'), all(lldp, 'lldp')),
    accelerators: all(accelerator, 'accelerator'),
    bmc: all(bmc, 'bmc')[0] ?? null,
    watchdog: all(watchdog, 'watchdog')[0]?.name ?? null,
    tpm: all(tpm, 'tpm')[0]?.version ?? null,
  };
}

// The twenty octets that IP over InfiniBand has for an address: a NIC that neither boots nor carries a MAC.
const infiniband = /^([0-9a-f]{2}:){19}[0-9a-f]{2}$/i;

/** Boards whose firmware calls the slots of every bank alike get numbers behind the name. */
function nameSlots(dimms: readonly DimmFact[]): DimmFact[] {
  const seen = new Map<string, number>();
  return dimms.map((one) => {
    const times = (seen.get(one.slot) ?? 0) + 1;
    seen.set(one.slot, times);
    return times === 1 ? one : { ...one, slot: `${one.slot} #${times}` };
  });
}

function attachNeighbours(nics: readonly z.infer<typeof nic>[], heard: readonly z.infer<typeof lldp>[]): NicFact[] {
  for (const { nic: name } of heard) {
    if (!nics.some((one) => one.name === name)) throw new Nonsense(`lldp: there is no nic ${name}`);
  }
  return nics.map((one) => {
    const neighbour = heard.find(({ nic: name }) => name === one.name);
    return {
      ...one,
      neighbourChassis: neighbour?.chassis ?? null,
      neighbourPort: neighbour?.port ?? null,
      neighbourName: neighbour?.system ?? null,
    };
  });
}

function findNonsense(fact: Inventory): string | null {
  if (fact.cpus.length === 0) return 'there is no cpu record: a machine has at least one';
  if (fact.nics.length === 0) return 'there is no nic record: the machine booted by network';
  return (
    findTwice(
      'cpu socket',
      fact.cpus.map(({ socket }) => String(socket)),
    ) ??
    findTwice(
      'disk serial',
      fact.disks.map(({ serial }) => serial),
    ) ??
    findTwice(
      'nic MAC',
      fact.nics.map((one) => one.mac),
    ) ??
    findTwice(
      'nic name',
      fact.nics.map(({ name }) => name),
    ) ??
    findTwice(
      'accelerator',
      fact.accelerators.map(({ pci }) => pci),
    )
  );
}

function findTwice(what: string, values: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) return `${what} ${value} is given twice`;
    seen.add(value);
  }
  return null;
}
