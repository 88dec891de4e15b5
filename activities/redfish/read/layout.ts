import { RedfishError } from '../errors.ts';
import type { Json } from '../transport.ts';
import { type Reader, throwPassing } from './reader.ts';
import { at, link, list, pathKey, text } from './values.ts';

/** The resources that everything else hangs on. */
export interface Layout {
  /** The system that can be reset and booted (quirk 63). */
  readonly host: Json;
  /** Systems that only describe parts of the host: the accelerator baseboards of NVIDIA's machines. */
  readonly companions: readonly Json[];
  readonly systems: readonly Json[];
  readonly chassis: readonly Json[];
  readonly managers: readonly Json[];
}

/** Throws `unsupported` when no system can be reset, or when several can and `hostPath` names none of them. */
export async function readLayout(reader: Reader, hostPath: string | null): Promise<Layout> {
  const [systems, chassis, managers] = await Promise.all([
    reader.members(reader.root.Systems),
    reader.members(reader.root.Chassis),
    reader.members(reader.root.Managers),
  ]);
  throwPassing(reader.gaps);
  const host = chooseHost(systems, hostPath);
  return { host, companions: systems.filter((one) => one !== host && !isHost(one)), systems, chassis, managers };
}

const unsent = { carriedOut: 'no' } as const;

/** Never simply the first: a controller may list an accelerator baseboard before the host (quirk 63). */
export function chooseHost(systems: readonly Json[], hostPath: string | null): Json {
  const resettable = systems.filter(hasReset);
  // Old services show no boot override at all.
  const hosts = resettable.some(isHost) ? resettable.filter(isHost) : resettable;
  const named = hosts.find((one) => hostPath !== null && pathKey(link(one) ?? '') === pathKey(hostPath));
  if (named) return named;
  if (hostPath !== null)
    throw new RedfishError('unsupported', `the controller lists no system ${hostPath} that can be reset`, unsent);
  const [first, ...more] = hosts;
  if (!first) throw new RedfishError('unsupported', 'the controller lists no system that can be reset', unsent);
  if (more.length > 0) {
    const paths = hosts.map((one) => link(one)).join(', ');
    throw new RedfishError('unsupported', `the controller lists several systems that can be reset: ${paths}`, unsent);
  }
  return first;
}

function hasReset(system: Json): boolean {
  return text(at(system, 'Actions', '#ComputerSystem.Reset', 'target')) !== null;
}

function isHost(system: Json): boolean {
  return hasReset(system) && at(system, 'Boot') !== undefined;
}

/** Chassis that are a part inside another; what hangs on them is found through what holds them. */
const partTypes = new Set(['Component', 'Module', 'Card', 'Cartridge', 'IPBasedDrive', 'StorageEnclosure']);
/** The machine's own case, likeliest first. */
const caseTypes = ['RackMount', 'Blade', 'Sled', 'StandAlone', 'Tower', 'Shelf', 'Enclosure', 'Chassis', 'RackGroup'];

/** Chassis that may have power supplies, fans and slots of the machine: those of its systems, and no mere parts. */
export function mainChassis({ systems, chassis }: Layout): Json[] {
  const linked = new Set(
    systems.flatMap((system) => list(at(system, 'Links', 'Chassis')).map((one) => pathKey(link(one) ?? ''))),
  );
  return chassis.filter((one) => linked.has(pathKey(link(one) ?? '')) || !partTypes.has(text(one.ChassisType) ?? ''));
}

/** The machine's case: what the host links to if that is one, otherwise the likeliest. */
export function caseOf({ host, chassis }: Layout): Json | null {
  const linked = new Set(list(at(host, 'Links', 'Chassis')).map((one) => pathKey(link(one) ?? '')));
  const rank = (one: Json) => caseTypes.indexOf(text(one.ChassisType) ?? '');
  const cases = chassis.filter((one) => rank(one) >= 0).sort((a, b) => rank(a) - rank(b));
  return cases.find((one) => linked.has(pathKey(link(one) ?? ''))) ?? cases[0] ?? null;
}
