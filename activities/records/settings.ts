import { secretSetting } from '../../domain/drift/settings.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { keepDocuments } from '../../mdb/controllers/inventory.ts';
import { type Attributes, readBios } from '../../redfish/bios.ts';
import type { Probe } from '../../redfish/probe.ts';
import { readFirmware } from '../../redfish/read/firmware.ts';
import { openReader, throwPassing } from '../../redfish/read/reader.ts';
import type { Session } from '../../redfish/session.ts';
import type { SystemReading } from '../../redfish/system.ts';
import { judge } from './changes.ts';
import { hashOf } from './inventory.ts';
import { sorted } from './parts.ts';

/** BIOS settings in force, as they are kept; and when those got their value that had another one before. */
export interface SettingsDocument {
  readonly attributes: Attributes;
  /** ISO 8601, by attribute. */
  readonly changed: Readonly<Record<string, string>>;
}

/** Reads BIOS settings and versions and keeps them; nothing is concluded from what could not be read for the moment. */
export async function keepSettings(
  mdb: Mdb,
  session: Session,
  { system, probe }: { readonly system: SystemReading; readonly probe: Probe },
  machineId: string,
): Promise<void> {
  const reader = await openReader(session);
  const bios = await readBios(session, probe);
  const firmware = sorted(await readFirmware(reader));
  throwPassing(reader.gaps);
  const partial = reader.gaps.length > 0 || system.power !== 'On';
  const attributes = withoutSecrets(bios?.attributes ?? {});
  await keepDocuments(mdb, machineId, probe.basis.firmware, (kept) => {
    const before = kept.get('bios')?.document as SettingsDocument | undefined;
    const settings: SettingsDocument = { attributes, changed: changedOf(before, attributes, new Date()) };
    const versions = judge('firmware', kept.get('firmware')?.document, firmware, partial);
    const documents = { bios: settings, firmware: versions.document };
    return {
      documents: Object.entries(documents).map(([kind, document]) => ({ kind, document, hash: hashOf(document) })),
      changes: versions.changes,
    };
  });
}

/** Some controllers list the passwords of the BIOS beside its settings, and a few with their values. */
export function withoutSecrets(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !secretSetting.test(name)));
}

/** Nothing has changed at the first reading, which is the beginning. */
export function changedOf(
  before: SettingsDocument | undefined,
  attributes: Attributes,
  now: Date,
): SettingsDocument['changed'] {
  if (before === undefined) return {};
  const other = Object.keys(attributes).filter((name) => before.attributes[name] !== attributes[name]);
  const kept = Object.entries(before.changed).filter(([name]) => name in attributes);
  return { ...Object.fromEntries(kept), ...Object.fromEntries(other.map((name) => [name, now.toISOString()])) };
}
