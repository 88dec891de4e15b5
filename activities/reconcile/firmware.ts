import type { FirmwareReader } from '../../domain/drift/diff.ts';
import type { DriftFacts } from '../../domain/drift/drift.ts';
import { componentsOf, findComponent } from '../../redfish/firmware/component.ts';
import { type FirmwareReading, sameVersion } from '../../redfish/read/firmware.ts';

/** Reads what the machine's controller last listed as its firmware. */
export function readerOf({ documents }: Pick<DriftFacts, 'documents'>): FirmwareReader {
  const components = componentsOf((documents['firmware'] ?? []) as readonly FirmwareReading[]);
  return {
    find(name) {
      const found = findComponent(components, name);
      if ('why' in found) return found.several ? { doubt: found.why } : { version: null };
      return { version: found.component.version };
    },
    isSame: sameVersion,
  };
}
