import type { RecordedKind } from '../../domain/records/parts.ts';
import type { Gap } from './reader.ts';

/** Kinds that hang on a resource, by its path. */
const found: readonly (readonly [RegExp, readonly RecordedKind[]])[] = [
  [/\/(Storage|SimpleStorage|Drives|Volumes)\b/i, ['drives']],
  [/\/Memory\b/i, ['dimms']],
  [/\/(Processors|PCIeDevices)\b/i, ['cpus', 'accelerators']],
  [
    /\/(NetworkAdapters|NetworkInterfaces|EthernetInterfaces|NetworkPorts|Ports|NetworkDeviceFunctions)\b/i,
    ['adapters', 'nics'],
  ],
  [/\/(Power|PowerSubsystem|PowerSupplies)\b/i, ['supplies']],
  [/\/(Thermal|ThermalSubsystem|Fans)\b/i, ['fans']],
  [/\/(UpdateService|FirmwareInventory)\b/i, ['firmware']],
];

/** Kinds of which a machine that is off may hide parts (quirk 70). */
const hidden: readonly RecordedKind[] = [
  'drives',
  'adapters',
  'nics',
  'accelerators',
  'dimms',
  'cpus',
  'fans',
  'firmware',
];

/** Kinds of which this reading may have missed parts: resources that could not be read, or a machine that is off. */
export function partialKinds(gaps: readonly Gap[], power: string | null): ReadonlySet<RecordedKind> {
  const missed = gaps.flatMap(({ path }): readonly RecordedKind[] => {
    const known = found.find(([pattern]) => pattern.test(path));
    // A whole chassis or system that is missing may have had anything in it.
    return known?.[1] ?? [...hidden, 'supplies', 'chassis', 'controllers'];
  });
  return new Set([...missed, ...(power === 'On' ? [] : hidden)]);
}
