import type { AgentRecord } from '../contract/records.ts';
import type { Seconds } from '../domain/duration.ts';
import { drawBetween } from './chance.ts';
import { type Fault, findFault } from './faults.ts';
import { diskSerial, type Hardware } from './hardware.ts';

export interface BurninOrder {
  /** Time each stress part is to run, in seconds. */
  readonly stress: Seconds;
  /** Longest time for all of it, in seconds. */
  readonly cap: Seconds;
}

interface Part {
  readonly kind: 'stress' | 'benchmark';
  readonly subject: 'cpu' | 'memory' | 'disk' | 'network';
  readonly device: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly value?: number;
  readonly unit?: string;
  readonly message?: string;
}

export interface BurninRun {
  /** Seconds it would take on real hardware. */
  readonly seconds: number;
  readonly cut: boolean;
  readonly parts: readonly AgentRecord[];
}

const benchmarkSeconds = 5;

/** What a burn-in of this machine finds; the same machine shows the same figures each time, within two per cent. */
export function runBurnin(
  hardware: Hardware,
  faults: readonly Fault[],
  order: BurninOrder,
  seed: number,
  boot: number,
): BurninRun {
  const all = [...stressParts(hardware, faults, order.stress), ...benchmarkParts(hardware, faults, seed, boot)];
  const parts: Part[] = [];
  let seconds = 0;
  for (const part of all) {
    if (seconds + part.seconds > order.cap) break;
    seconds += part.seconds;
    parts.push(part);
  }
  return { seconds, cut: parts.length < all.length, parts: parts.map(recordOf) };
}

function stressParts(hardware: Hardware, faults: readonly Fault[], seconds: number): Part[] {
  const dimm = findFault(faults, 'bad-dimm');
  const memory = dimm
    ? { ok: false, message: `miscompare in DIMM ${dimmSlot(dimm.slot)} (serial ${dimmSerial(hardware, dimm.slot)})` }
    : { ok: true };
  return [
    { kind: 'stress', subject: 'cpu', device: 'cpu', ok: true, seconds },
    { kind: 'stress', subject: 'memory', device: dimm ? dimmSlot(dimm.slot) : 'memory', seconds, ...memory },
  ];
}

function benchmarkParts(hardware: Hardware, faults: readonly Fault[], seed: number, boot: number): Part[] {
  const measured = (what: string, nominal: number) =>
    Math.round(
      nominal *
        drawBetween(0.96, 1.04, seed, hardware.id, what) *
        drawBetween(0.98, 1.02, seed, hardware.id, what, boot) *
        10,
    ) / 10;
  const { model } = hardware;
  const slow = findFault(faults, 'slow-disk');
  const base = { kind: 'benchmark', ok: true, seconds: benchmarkSeconds } as const;
  return [
    {
      ...base,
      subject: 'cpu',
      device: 'cpu',
      value: measured('cpu', model.cpu.sockets * model.cpu.cores * 110),
      unit: 'MB/s',
    },
    { ...base, subject: 'memory', device: 'memory', value: measured('memory', model.memorySpeed), unit: 'MB/s' },
    ...presentDisks(hardware, faults).map(
      ({ disk, index }): Part => ({
        ...base,
        subject: 'disk',
        device: disk.name,
        value: measured(disk.name, disk.speed * (slow?.disk === index ? slow.share : 1)),
        unit: 'MB/s',
      }),
    ),
  ];
}

function recordOf(part: Part): AgentRecord {
  const fields: Record<string, string> = {};
  for (const [key, value] of Object.entries(part))
    fields[key] = typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
  return { kind: 'part', fields };
}

export function presentDisks(hardware: Hardware, faults: readonly Fault[]) {
  const dead = findFault(faults, 'dead-disk');
  const missing = dead?.how === 'missing' ? dead.disk : -1;
  return hardware.model.disks
    .map((disk, index) => ({ disk, index, serial: diskSerial(hardware, index) }))
    .filter(({ index }) => index !== missing);
}

export function dimmSlot(index: number): string {
  return `DIMM_${String.fromCharCode(65 + index)}1`;
}

export function dimmSerial(hardware: Hardware, index: number): string {
  return `${hardware.serial}M${index}`;
}
