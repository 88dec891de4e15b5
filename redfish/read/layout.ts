import { RedfishError } from '../errors.ts';
import type { Json } from '../transport.ts';
import { type Reader, throwPassing } from './reader.ts';
import { linkedPath, list, pathKey, readText, valueAt } from './values.ts';

/** The resources that everything else hangs on. */
export interface ResourceLayout {
  /** The system that can be reset and booted (quirk 63). */
  readonly host: Json;
  /** Systems that only describe parts of the host: the accelerator baseboards of NVIDIA's machines. */
  readonly companions: readonly Json[];
  readonly systems: readonly Json[];
  readonly chassis: readonly Json[];
  readonly managers: readonly Json[];
}

/** Whether a system is the one that is meant, by what tells machines apart. */
export type IsMeant = (system: Json) => boolean;

/** Throws `unsupported` when no system can be reset, or when several can and `hostPath` names none of them. */
export async function readLayout(reader: Reader, hostPath: string | null): Promise<ResourceLayout> {
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

/** Kinds of systems that run on a host or beside it, and are not the machine (DSP2046, `SystemType`). */
const guestTypes = new Set(['virtual', 'os', 'virtuallypartitioned', 'dpu']);

/**
 * Never simply the first: a controller may list an accelerator baseboard before the host (quirk 63), and its virtual
 * machines and DPUs beside it. Where several are hosts, `isMeant` says which one is the machine's.
 */
export function chooseHost(systems: readonly Json[], hostPath: string | null, isMeant: IsMeant = () => false): Json {
  const resettable = systems.filter(hasReset);
  // Old services show no boot override at all.
  const hosts = [isHost, (one: Json) => !guestTypes.has(readText(one.SystemType)?.toLowerCase() ?? '')].reduce(
    preferred,
    resettable,
  );
  const named = resettable.find((one) => hostPath !== null && pathKey(linkedPath(one) ?? '') === pathKey(hostPath));
  if (named) return named;
  if (hostPath !== null)
    throw new RedfishError('unsupported', `the controller lists no system ${hostPath} that can be reset`, unsent);
  const [first, ...more] = hosts;
  if (!first) throw new RedfishError('unsupported', 'the controller lists no system that can be reset', unsent);
  if (more.length > 0) {
    const [meant, ...others] = hosts.filter(isMeant);
    if (meant && others.length === 0) return meant;
    const paths = hosts.map((one) => linkedPath(one)).join(', ');
    throw new RedfishError('unsupported', `the controller lists several systems that can be reset: ${paths}`, unsent);
  }
  return first;
}

/** Those that are so, where some are. */
function preferred(systems: readonly Json[], isSo: (system: Json) => boolean): readonly Json[] {
  return systems.some(isSo) ? systems.filter(isSo) : systems;
}

function hasReset(system: Json): boolean {
  return readText(valueAt(system, 'Actions', '#ComputerSystem.Reset', 'target')) !== null;
}

function isHost(system: Json): boolean {
  return hasReset(system) && (valueAt(system, 'Boot') ?? null) !== null;
}

/** Chassis that are a part inside another; what hangs on them is found through what holds them. */
const partTypes = new Set(['Component', 'Module', 'Card', 'Cartridge', 'IPBasedDrive', 'StorageEnclosure']);
export function isPartType(type: string | null): boolean {
  return partTypes.has(type ?? '');
}

/** The machine's own case, likeliest first. */
const caseTypes = ['RackMount', 'Blade', 'Sled', 'StandAlone', 'Tower', 'Shelf', 'Enclosure', 'Chassis', 'RackGroup'];

/** Chassis that may have power supplies, fans and slots of the machine: those of its systems, and no mere parts. */
export function mainChassis({ systems, chassis }: ResourceLayout): Json[] {
  const linked = new Set(
    systems.flatMap((system) => list(valueAt(system, 'Links', 'Chassis')).map((one) => pathKey(linkedPath(one) ?? ''))),
  );
  return chassis.filter(
    (one) => linked.has(pathKey(linkedPath(one) ?? '')) || !partTypes.has(readText(one.ChassisType) ?? ''),
  );
}

/**
 * Chassis that may have the machine's power supplies and fans: its cases, cards, and parts that have the older Power or
 * Thermal. Of the newer model NVIDIA shows an empty one on each of thirty parts.
 */
export function poweredChassis(layout: ResourceLayout): Json[] {
  const cases = new Set(mainChassis(layout));
  return layout.chassis.filter(
    (one) => cases.has(one) || readText(one.ChassisType) === 'Card' || 'Power' in one || 'Thermal' in one,
  );
}

/** Paths of the controllers that manage a host: as it says, or as they say themselves, or the only one there is. */
export function managersOf(host: Json, managers: readonly Json[]): string[] {
  const said = list(valueAt(host, 'Links', 'ManagedBy')).flatMap((one) => linkedPath(one) ?? []);
  if (said.length > 0) return said;
  const path = pathKey(linkedPath(host) ?? '');
  const serves = (manager: Json) =>
    list(valueAt(manager, 'Links', 'ManagerForServers')).some((one) => pathKey(linkedPath(one) ?? '') === path);
  const serving = managers.filter(serves);
  return (serving.length > 0 || managers.length > 1 ? serving : managers).flatMap((one) => linkedPath(one) ?? []);
}

/** The machine's case: what the host links to if that is one, otherwise the likeliest. */
export function caseOf({ host, chassis }: ResourceLayout): Json | null {
  const linked = new Set(list(valueAt(host, 'Links', 'Chassis')).map((one) => pathKey(linkedPath(one) ?? '')));
  // What has another type or none is a case where there is nothing likelier: `Other` is one that some boards show.
  const rank = (one: Json) => {
    const place = caseTypes.indexOf(readText(one.ChassisType) ?? '');
    return place === -1 ? caseTypes.length : place;
  };
  const cases = chassis
    .filter((one) => !partTypes.has(readText(one.ChassisType) ?? ''))
    .sort((a, b) => rank(a) - rank(b));
  return cases.find((one) => linked.has(pathKey(linkedPath(one) ?? ''))) ?? cases[0] ?? null;
}
