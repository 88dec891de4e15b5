import type { Session } from '../session.ts';
import type { Json } from '../transport.ts';
import { type Gap, openReader, type Reader } from './reader.ts';
import { healthOf, linkedPath, list, number, present, readText, valueAt } from './values.ts';

/** One reading of a chassis. */
export interface Sensor {
  readonly chassis: string;
  readonly id: string;
  readonly name: string;
  readonly kind: SensorKind;
  readonly value: number;
  /** °C, rpm, %, V, A, W, Hz … */
  readonly unit: string;
  readonly health: string | null;
  /** Where the controller calls it critical. */
  readonly low: number | null;
  readonly high: number | null;
}

export type SensorKind = 'temperature' | 'fan' | 'voltage' | 'current' | 'power' | 'other';

export interface SensorReading {
  readonly sensors: readonly Sensor[];
  readonly gaps: readonly Gap[];
  readonly requests: number;
}

/** A reading whose kind the controller leaves to the reader: HPE's new model has neither type nor unit. */
type Raw = Omit<Sensor, 'kind' | 'unit' | 'chassis'> & {
  readonly kind: SensorKind | null;
  readonly unit: string | null;
};

/**
 * All readings that show a value, from both models of Redfish (quirk 68): Sensors, and the older Thermal and Power.
 * What both show counts once.
 */
export async function readSensors(session: Session): Promise<SensorReading> {
  const reader = await openReader(session);
  const chassis = await reader.members(reader.root.Chassis);
  const sensors = await Promise.all(chassis.map((one) => sensorsOf(reader, one)));
  return { sensors: sensors.flat(), gaps: reader.gaps, requests: reader.requests() };
}

async function sensorsOf(reader: Reader, chassis: Json): Promise<Sensor[]> {
  const [sensors, thermal, power] = await Promise.all([
    reader.members(chassis.Sensors),
    reader.resource(chassis.Thermal),
    reader.resource(chassis.Power),
  ]);
  const place = readText(chassis.Id) ?? linkedPath(chassis) ?? '';
  return mergeSensors(sensors.flatMap(fromSensor), [...fromThermal(thermal), ...fromPower(power)]).map((one) => ({
    chassis: place,
    ...one,
  }));
}

/** The new model's readings, with kinds that only the old one tells, and what only the old one has. */
export function mergeSensors(modern: readonly Raw[], old: readonly Raw[]): Omit<Sensor, 'chassis'>[] {
  const matches = (one: Raw, other: Raw) =>
    nameKey(one) === nameKey(other) && (one.kind === null || other.kind === null || one.kind === other.kind);
  const completed = modern.map((one) => {
    const twin = one.kind === null ? old.find((other) => matches(one, other)) : undefined;
    return { ...one, kind: one.kind ?? twin?.kind ?? null, unit: one.unit ?? twin?.unit ?? null };
  });
  const onlyOld = old.filter((one) => !modern.some((other) => matches(one, other)));
  return [...completed, ...onlyOld].map((one) => ({ ...one, kind: one.kind ?? 'other', unit: one.unit ?? '' }));
}

function nameKey(one: Raw): string {
  return one.name.toLowerCase().replace(/[\s_-]+/g, '');
}

const units: Readonly<Record<string, readonly [SensorKind, string]>> = {
  Cel: ['temperature', '°C'],
  RPM: ['fan', 'rpm'],
  '{rev}/min': ['fan', 'rpm'],
  V: ['voltage', 'V'],
  A: ['current', 'A'],
  W: ['power', 'W'],
};

const types: Readonly<Record<string, readonly [SensorKind, string]>> = {
  Temperature: ['temperature', '°C'],
  Rotational: ['fan', 'rpm'],
  Voltage: ['voltage', 'V'],
  Current: ['current', 'A'],
  Power: ['power', 'W'],
};

function fromSensor(sensor: Json): Raw[] {
  const value = number(sensor.Reading);
  if (value === null || !present(sensor)) return [];
  const unitText = readText(sensor.ReadingUnits);
  const [kind, unit] = types[readText(sensor.ReadingType) ?? ''] ?? units[unitText ?? ''] ?? [null, null];
  const id = readText(sensor.Id) ?? '';
  const other = kind === null && unitText !== null ? 'other' : null;
  return [
    {
      id,
      name: readText(sensor.Name) ?? id,
      kind: kind ?? other,
      value,
      unit: unit ?? unitText,
      health: healthOf(sensor),
      low: number(valueAt(sensor.Thresholds, 'LowerCritical', 'Reading')),
      high: number(valueAt(sensor.Thresholds, 'UpperCritical', 'Reading')),
    },
  ];
}

function fromThermal(thermal: Json | null): Raw[] {
  return [
    ...list(thermal?.Temperatures).flatMap((one) => fromOld(one, one.ReadingCelsius, 'temperature', '°C')),
    ...list(thermal?.Fans).flatMap((one) =>
      fromOld(one, one.Reading, 'fan', readText(one.ReadingUnits) === 'RPM' ? 'rpm' : '%'),
    ),
  ];
}

function fromPower(power: Json | null): Raw[] {
  return [
    ...list(power?.Voltages).flatMap((one) => fromOld(one, one.ReadingVolts, 'voltage', 'V')),
    ...list(power?.PowerControl).flatMap((one) => fromOld(one, one.PowerConsumedWatts, 'power', 'W')),
  ];
}

function fromOld(one: Json, reading: unknown, kind: SensorKind, unit: string): Raw[] {
  const value = number(reading);
  if (value === null || !present(one)) return [];
  const id = readText(one.MemberId) ?? '';
  return [
    {
      id,
      name: readText(one.Name) ?? readText(one.FanName) ?? (kind === 'power' ? 'Power consumed' : id),
      kind,
      value,
      unit,
      health: healthOf(one),
      low: number(one.LowerThresholdCritical),
      high: number(one.UpperThresholdCritical),
    },
  ];
}
