import { createHash } from 'node:crypto';
import { judgeDocument } from '../../domain/records/changes.ts';
import { recordedKinds } from '../../domain/records/parts.ts';
import type { SensorRow } from '../../domain/records/sensors.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { keepDocuments, keepSensors } from '../../mdb/controllers/inventory.ts';
import { gatherHardware } from '../../redfish/read/inventory.ts';
import { isPartType } from '../../redfish/read/layout.ts';
import { partialKinds } from '../../redfish/read/missed.ts';
import { readSensors, type Sensor } from '../../redfish/read/sensors.ts';
import { wattsOf } from '../../redfish/read/watts.ts';
import type { Session } from '../../redfish/session.ts';
import { documentsOf } from './documents.ts';

/** The largest recorded controller has some 700 sensors. */
const maxSensors = 1000;

/** Reads the whole machine and its sensors and keeps them: of parts, what is different. Gives the recordedKinds that were. */
export async function keepInventory(
  mdb: Mdb,
  session: Session,
  machineId: string,
  systemPath: string,
): Promise<string[]> {
  const inventory = await gatherHardware(session, systemPath);
  const { sensors } = await readSensors(session);
  const cases = inventory.chassis.filter(({ type }) => !isPartType(type)).map(({ id }) => id);
  const fresh = documentsOf(inventory);
  const partial = partialKinds(inventory.gaps, inventory.system.power);
  const firmware = inventory.controllers.find(({ main }) => main)?.firmware ?? null;
  const written = await keepDocuments(mdb, machineId, firmware, (kept) => {
    const verdicts = recordedKinds.map((kind) => ({
      kind,
      ...judgeDocument(kind, kept.get(kind)?.document, fresh[kind], partial.has(kind)),
    }));
    const documents = verdicts.map(({ kind, document }) => ({ kind, document, hash: hashOf(document) }));
    return { documents, changes: verdicts.flatMap(({ changes }) => changes) };
  });
  await keepSensors(mdb, machineId, {
    watts: wattsOf(sensors, cases),
    sensors: sensors.slice(0, maxSensors).map(rowOf),
  });
  return written;
}

/** Whatever the order of names, since the MDB has one of its own. */
export function hashOf(document: unknown): string {
  return createHash('sha256').update(ordered(document)).digest('base64url').slice(0, 22);
}

function ordered(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(ordered).sort().join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const parts = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${ordered(inner)}`);
  return `{${parts.sort().join(',')}}`;
}

function rowOf({ chassis, name, kind, value, unit, health }: Sensor): SensorRow {
  return { chassis, name, kind, value, unit, health };
}
