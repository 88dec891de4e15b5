import { machineIdOf } from '../domain/machine.ts';
import { draw, drawUuid } from './chance.ts';
import { type Model, models } from './models.ts';

/** One server in its place: everything about it that only a screwdriver changes. */
export interface Hardware {
  /** Place, and name towards the control API: `s001-u03`. */
  readonly id: string;
  readonly rackId: string;
  /** Number of the rack within the fleet, from 0. */
  readonly rack: number;
  readonly unit: number;
  readonly model: Model;
  readonly serial: string;
  readonly uuid: string;
}

export interface Neighbour {
  readonly chassis: string;
  readonly port: string;
  readonly description: string;
  readonly system: string;
}

const hex = (value: number) => value.toString(16).padStart(2, '0');
const digits = (value: number, width: number) => String(value).padStart(width, '0');

export function rackIdOf(rack: number): string {
  return `s${digits(rack + 1, 3)}`;
}

/** Builds the server of a place. One rack in eight holds storage servers, one in sixteen old ones with a BIOS. */
export function buildHardware(seed: number, rack: number, unit: number): Hardware {
  const rackId = rackIdOf(rack);
  const serial = `SIM${digits(rack + 1, 3)}${digits(unit, 2)}${hex(Math.floor(draw(seed, 'serial', rack, unit) * 256)).toUpperCase()}`;
  return {
    id: `${rackId}-u${digits(unit, 2)}`,
    rackId,
    rack,
    unit,
    model: modelOf(rack),
    serial,
    uuid: drawUuid(seed, 'uuid', rack, unit),
  };
}

function modelOf(rack: number): Model {
  if (rack % 16 === 9) return models.legacy;
  return rack % 8 === 5 ? models.storage : models.compute;
}

/** MAC of one of its network cards; card 0 is the one that boots. Locally administered, so no real card has it. */
export function macOf({ rack, unit }: Pick<Hardware, 'rack' | 'unit'>, card = 0): string {
  return `02:5a:${hex(rack >> 8)}:${hex(rack & 255)}:${hex(unit)}:${hex(card)}`;
}

export function bmcMacOf({ rack, unit }: Pick<Hardware, 'rack' | 'unit'>): string {
  return `02:5b:${hex(rack >> 8)}:${hex(rack & 255)}:${hex(unit)}:00`;
}

/** The id under which the MDB will know it, once it has booted. */
export function machineIdOfHardware(hardware: Hardware): string {
  return machineIdOf(macOf(hardware));
}

export function diskSerial(hardware: Hardware, index: number): string {
  return `${hardware.serial}D${index}`;
}

export function switchOf(rack: number): { readonly id: string; readonly chassis: string } {
  return { id: `sw-${rackIdOf(rack)}`, chassis: `02:5c:${hex(rack >> 8)}:${hex(rack & 255)}:00:00` };
}

export function portOf(unit: number): string {
  return `Ethernet${unit}`;
}

/** What the switch at the end of its cable says about itself. */
export function neighbourOf({ rack, rackId, unit }: Pick<Hardware, 'rack' | 'rackId' | 'unit'>): Neighbour {
  const { id, chassis } = switchOf(rack);
  return { chassis, port: portOf(unit), description: `rack ${rackId} u${unit}`, system: id };
}
