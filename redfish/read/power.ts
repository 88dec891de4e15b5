import type { Json } from '../transport.ts';
import { known } from './identity.ts';
import type { Reader } from './reader.ts';
import { amount, healthOf, list, named, number, present, readText, state, valueAt } from './values.ts';

export interface PowerSupply {
  readonly name: string;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  readonly watts: number | null;
  readonly firmware: string | null;
  readonly state: string | null;
  readonly health: string | null;
}

export interface Fan {
  readonly name: string;
  readonly rpm: number | null;
  readonly percent: number | null;
  readonly state: string | null;
  readonly health: string | null;
}

/** Power supplies of a chassis: PowerSubsystem, and the older Power where that shows none. */
export async function readPowerSupplies(reader: Reader, chassis: Json): Promise<PowerSupply[]> {
  const subsystem = await reader.expanded(chassis.PowerSubsystem, 2);
  const supplies = await reader.members(subsystem?.PowerSupplies);
  const observed = supplies.length > 0 ? supplies : list((await reader.resource(chassis.Power))?.PowerSupplies);
  return observed.filter(present).map((supply) => ({
    name: nameOf(supply),
    manufacturer: makerOf(supply.Manufacturer),
    model: known(supply.Model),
    serial: known(supply.SerialNumber),
    watts: amount(supply.PowerCapacityWatts),
    firmware: readText(supply.FirmwareVersion),
    state: state(supply),
    health: healthOf(supply),
  }));
}

/** Fans of a chassis: ThermalSubsystem, and the older Thermal where that shows none. */
export async function readFans(reader: Reader, chassis: Json): Promise<Fan[]> {
  const subsystem = await reader.expanded(chassis.ThermalSubsystem, 2);
  const fans = await reader.members(subsystem?.Fans);
  const observed = fans.length > 0 ? fans : list((await reader.resource(chassis.Thermal))?.Fans);
  return observed
    .filter(present)
    .map((fan) => ({ name: nameOf(fan), ...speedOf(fan), state: state(fan), health: healthOf(fan) }));
}

/** A maker's name; it alone is no serial number, and so a filler where one should be. */
function makerOf(value: unknown): string | null {
  const name = named(value);
  return name === null || /^\W*(unknown|unspecified|default|oem\b|to ?be ?fill)/i.test(name) ? null : name;
}

function speedOf(fan: Json): Pick<Fan, 'rpm' | 'percent'> {
  const old = number(fan.Reading);
  if (old !== null)
    return readText(fan.ReadingUnits) === 'RPM' ? { rpm: old, percent: null } : { rpm: null, percent: old };
  return {
    rpm: number(valueAt(fan, 'SpeedPercent', 'SpeedRPM')),
    percent: number(valueAt(fan, 'SpeedPercent', 'Reading')),
  };
}

/** HPE names all supplies alike; their place tells them apart. */
function nameOf(part: Json): string {
  const name = readText(part.Name) ?? readText(part.FanName) ?? '';
  const id = readText(part.MemberId) ?? readText(part.Id) ?? '';
  return name === '' || name === 'HpeServerPowerSupply' ? `${name} ${id}`.trim() : name;
}
