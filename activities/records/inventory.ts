import { createHash } from 'node:crypto';
import type { SensorRow } from '../../domain/values.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { keepDocuments, keepSensors } from '../../mdb/controllers/inventory.ts';
import { readInventory } from '../../redfish/read/inventory.ts';
import { isPartType } from '../../redfish/read/layout.ts';
import { readSensors, type Sensor } from '../../redfish/read/sensors.ts';
import { inWords } from '../../redfish/read/values.ts';
import type { Session } from '../../redfish/session.ts';
import { judge, partialKinds } from './changes.ts';
import { documentsOf, kinds } from './parts.ts';

/** The largest recorded controller has some 700 sensors. */
const mostSensors = 1000;

/** Reads the whole machine and its sensors and keeps them: of parts, what is different. Gives the kinds that were. */
export async function keepInventory(
  mdb: Mdb,
  session: Session,
  machineId: string,
  systemPath: string,
): Promise<string[]> {
  const inventory = await readInventory(session, systemPath);
  const { sensors } = await readSensors(session);
  const cases = inventory.chassis.filter(({ type }) => !isPartType(type)).map(({ id }) => id);
  const fresh = documentsOf(inventory);
  const partial = partialKinds(inventory.gaps, inventory.system.power);
  const firmware = inventory.controllers.find(({ main }) => main)?.firmware ?? null;
  const written = await keepDocuments(mdb, machineId, firmware, (kept) => {
    const verdicts = kinds.map((kind) => ({
      kind,
      ...judge(kind, kept.get(kind)?.document, fresh[kind], partial.has(kind)),
    }));
    const documents = verdicts.map(({ kind, document }) => ({ kind, document, hash: hashOf(document) }));
    return { documents, changes: verdicts.flatMap(({ changes }) => changes) };
  });
  await keepSensors(mdb, machineId, {
    watts: wattsOf(sensors, cases),
    sensors: sensors.slice(0, mostSensors).map(rowOf),
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

/** Names of parts: what one of these draws is not what the machine draws. */
const ofParts =
  /\b(h?gpus?|hgx|nvlink|accelerators?|cpus?|processors?|dimms?|memory|dram|fans?|psus?|supply|supplies|drives?|dis[kc]s?|hdds?|ssds?|storage|backplanes?|pcie|risers?|nics?|module|socket|package|core|vr)\d*\b/i;
/** Words of what a machine may draw, or drew at some time, and does not draw now. */
const ofOtherTimes =
  /\b(caps?|limits?|max(imum)?|min(imum)?|peak|average|avg|budget|rated|allocated|available|threshold)\b/i;

/** Names of the reading that is the whole machine's draw, likeliest first; parts have power sensors of their own. */
const wholes = [
  /power consum/i,
  /system power control/i,
  /total.*power|power.*total/i,
  /\b(sys(tem)?|chassis|server|node)\d*\b.*(power|watt)/i,
  /\bpwr consum|power usage/i,
];

type Reading = Pick<Sensor, 'kind' | 'name' | 'value'> & Partial<Pick<Sensor, 'chassis'>>;

/** What the machine draws, in watts; null where no sensor says so. `cases`: ids of its cases, whose readings come first. */
export function wattsOf(sensors: readonly Reading[], cases: readonly string[] = []): number | null {
  const powers = sensors.filter(({ kind }) => kind === 'power');
  const own = powers
    .map((one) => ({ ...one, name: inWords(one.name) }))
    .filter(({ name }) => !ofParts.test(name) && !ofOtherTimes.test(name));
  const first = own.filter(({ chassis }) => chassis !== undefined && cases.includes(chassis));
  for (const some of [first, own]) {
    for (const name of wholes) {
      const found = some.find((one) => name.test(one.name));
      if (found) return found.value;
    }
  }
  return powers.length === 1 && own.length === 1 ? (own[0]?.value ?? null) : null;
}
